"""The forms of the pages. Ranges live in ``SeparationRequest``; here they only guide typing."""

from typing import Any

from django import forms
from django.conf import settings

from jobs.http.job_filters import SORTS
from jobs.models.job import JobStatus
from jobs.services.job.choices import check_request, request_with_defaults
from jobs.web.uploads import choices
from separation.errors import InvalidOptions, LicenceRefused
from separation.ranges import field_bounds
from separation.request.separation_request import SeparationRequest, parse_request
from separation.request.splits import USUAL_STRENGTH
from separation.stage_table import OPTIONAL_STAGES

_PLAIN = (
    "format",
    "sample_rate_hz",
    "mp3_bitrate_kbps",
    "device",
    "shifts",
    "overlap",
    "segment_s",
    "seed",
    "target_db",
    "level_measure",
    "normalize",
    "true_peak_ceiling_dbtp",
    "minus",
    "allow_smaller_model",
    "ni_stems",
)
"""Fields that have the same name in the request."""


_DETAILS = "details_"
"""Begins the names of the fields that split a stem again."""


def _default(name: str) -> Any:
    return SeparationRequest.model_fields[name].default


class SeparationForm(forms.Form):
    """The person's choices; ``separation_request`` holds them, validated, once the form is.

    Beside a preset only the format counts, and that the song may not leave: the rest of the form
    is not shown then. Without one, all of it does.
    """

    preset = forms.ChoiceField(
        label="Preset", choices=choices.preset_choices, initial=choices.OWN_CHOICE, required=False
    )
    model = forms.ChoiceField(
        choices=lambda: [(card.value, card.label) for card in choices.model_cards()],
        initial=lambda: choices.card_value(settings.DEFAULT_SEPARATOR),
        required=False,
    )
    stem_choice = forms.ChoiceField(
        choices=(
            ("all", "All stems"),
            ("karaoke", "Karaoke: the vocals, and everything else"),
            ("chosen", "Only these:"),
        ),
        initial="all",
        required=False,
    )
    stems = forms.MultipleChoiceField(
        choices=lambda: [(stem.value, stem.label) for stem in choices.stem_choices()],
        required=False,
    )
    stages = forms.MultipleChoiceField(
        choices=[(name, label) for name, label, _ in choices.STAGE_BOXES],
        initial=list(OPTIONAL_STAGES),
        required=False,
    )
    format = forms.ChoiceField(
        label="Format", choices=choices.FORMATS, initial=choices.PAGE_FORMAT, required=False
    )
    sample_rate_hz = forms.TypedChoiceField(
        label="Sample rate",
        choices=((44100, "44.1 kHz"), (48000, "48 kHz")),
        coerce=int,
        initial=_default("sample_rate_hz"),
        required=False,
    )
    mp3_bitrate_kbps = forms.IntegerField(
        label="MP3 bit rate, kbit/s",
        initial=_default("mp3_bitrate_kbps"),
        required=False,
        **field_bounds("mp3_bitrate_kbps"),
    )
    device = forms.ChoiceField(
        label="Run on",
        choices=(("auto", "Whatever is there"), ("cpu", "Processor"), ("cuda", "Graphics card")),
        initial=lambda: settings.DEFAULT_DEVICE,
        required=False,
    )
    shifts = forms.IntegerField(
        label="Random shifts",
        help_text="Neural models only: average this many passes. Each takes the full time again.",
        initial=_default("shifts"),
        required=False,
        **field_bounds("shifts"),
    )
    overlap = forms.FloatField(
        label="Overlap of segments",
        step_size=0.05,
        initial=_default("overlap"),
        required=False,
        **field_bounds("overlap"),
    )
    segment_s = forms.FloatField(
        label="Segment length, seconds",
        help_text="Empty: the length the model was trained on.",
        step_size=0.1,
        required=False,
        **field_bounds("segment_s"),
    )
    seed = forms.IntegerField(
        label="Seed of the shifts",
        initial=_default("seed"),
        required=False,
        **field_bounds("seed"),
    )
    target_db = forms.FloatField(
        label="Level of normalized copies, dB",
        step_size=0.5,
        initial=lambda: settings.DEFAULT_TARGET_DB,
        required=False,
        **field_bounds("target_db"),
    )
    level_measure = forms.ChoiceField(
        label="Level measured as",
        choices=(("rms", "dBFS, RMS"), ("lufs", "LUFS, perceived loudness")),
        initial=_default("level_measure"),
        required=False,
    )
    normalize = forms.ChoiceField(
        label="Normalize",
        choices=(
            ("together", "All tracks alike: they still sum to the song"),
            ("each", "Each track to the level by itself"),
        ),
        initial=_default("normalize"),
        required=False,
    )
    true_peak_ceiling_dbtp = forms.FloatField(
        label="True-peak ceiling, dBTP",
        step_size=0.1,
        initial=_default("true_peak_ceiling_dbtp"),
        required=False,
        **field_bounds("true_peak_ceiling_dbtp"),
    )
    minus = forms.BooleanField(
        label="Also make the song without each stem",
        initial=_default("minus"),
        required=False,
    )
    ni_stems = forms.BooleanField(
        label="One file for DJs",
        help_text="A .stem.mp4 with the song and four stems, for Traktor and Mixxx.",
        initial=_default("ni_stems"),
        required=False,
    )
    allow_smaller_model = forms.BooleanField(
        label="If the graphics card is full, rather take a smaller model",
        initial=_default("allow_smaller_model"),
        required=False,
    )
    denoise_stem = forms.ChoiceField(
        label="Stem with less noise",
        choices=lambda: [("", "None"), *((s.value, s.label) for s in choices.stem_choices())],
        required=False,
    )
    denoise_strength = forms.FloatField(
        label="Strength, 0 to 1",
        help_text="At 1 steady noise, such as hiss, goes down by 24 dB.",
        min_value=0.0,
        max_value=1.0,
        step_size=0.1,
        initial=USUAL_STRENGTH,
        required=False,
    )
    stay_here = forms.BooleanField(label="Do not send the song to another machine", required=False)

    separation_request: SeparationRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for stem in choices.split_choices():
            self.fields[_DETAILS + stem.value] = forms.ChoiceField(
                label=stem.label,
                help_text=stem.note,
                choices=choices.splitters,
                required=False,
            )

    @property
    def details_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(_DETAILS)]

    @property
    def chooses_second_level(self) -> bool:
        """Whether that part of the form is shown opened."""
        return any(field.value() for field in (*self.details_fields, self["denoise_stem"]))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.separation_request = self._request(cleaned)
                check_request(request=self.separation_request)
            except (InvalidOptions, LicenceRefused) as error:
                raise forms.ValidationError(error.detail, code=error.code) from error
        return cleaned

    def _request(self, cleaned: dict[str, Any]) -> SeparationRequest:
        if not cleaned["preset"]:
            return parse_request(self._choices(cleaned))
        beside = {"preset": cleaned["preset"], "allow_remote": not cleaned["stay_here"]}
        if cleaned["format"]:
            beside["format"] = cleaned["format"]
        return request_with_defaults(choices=beside)

    def _choices(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """The request's fields; what was left empty keeps the request's default."""
        value = cleaned["model"] or choices.card_value(settings.DEFAULT_SEPARATOR)
        separator, _, model = value.partition(":")
        stems: dict[str, dict[str, Any]] = {
            "karaoke": {"two_stems": "vocals"},
            "chosen": {"stems": tuple(cleaned["stems"])},
        }
        if not cleaned["stages"]:
            raise InvalidOptions("Choose at least one thing to make.")
        if cleaned["stem_choice"] == "chosen" and not cleaned["stems"]:
            raise InvalidOptions("Select at least one stem, or ask for all of them.")
        plain = {name: cleaned[name] for name in _PLAIN if cleaned[name] not in (None, "")}
        return {
            "separator": separator,
            "model": model or None,
            "stages": tuple(cleaned["stages"]),
            "allow_remote": not cleaned["stay_here"],
            **stems.get(cleaned["stem_choice"], {}),
            **plain,
            **_second_level(cleaned),
        }


def _second_level(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Stems to split again, and one to have with less noise."""
    details = []
    for stem in choices.split_choices():
        separator, _, model = (cleaned.get(_DETAILS + stem.value) or "").partition(":")
        if separator:
            details.append({"stem": stem.value, "separator": separator, "model": model or None})
    denoise = {"stem": cleaned["denoise_stem"]}
    if cleaned["denoise_strength"] is not None:
        denoise["strength"] = cleaned["denoise_strength"]
    return {
        "details": tuple(details),
        "denoise": (denoise,) if cleaned["denoise_stem"] else (),
    }


class HistoryFilter(forms.Form):
    """Search, filters and order of the history; an odd value counts as none."""

    search = forms.CharField(label="Name, title or artist", max_length=200, required=False)
    status = forms.ChoiceField(
        label="Status", choices=(("", "Any status"), *JobStatus.choices), required=False
    )
    separator = forms.ChoiceField(label="Separator", required=False)
    tag = forms.ChoiceField(label="Tag", required=False)
    batch = forms.ChoiceField(label="Batch", required=False)
    sort = forms.ChoiceField(label="Order", choices=tuple(SORTS.items()), required=False)
    favourite = forms.BooleanField(label="Favourites only", required=False)

    def __init__(
        self,
        *args: Any,
        separators: list[str],
        tags: list[str],
        batches: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._offer("separator", "Any separator", [(value, value) for value in separators])
        self._offer("tag", "Any tag", [(value, value) for value in tags])
        self._offer("batch", "Any batch", batches)

    def _offer(self, name: str, nothing: str, values: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", nothing), *values]

    @property
    def chosen(self) -> dict[str, str]:
        """As the API's query has it."""
        self.is_valid()
        return {name: str(value) for name, value in self.cleaned_data.items() if value}

    @property
    def narrows(self) -> bool:
        """Whether anything is left out, rather than put in another order."""
        return bool(self.chosen.keys() - {"sort"})
