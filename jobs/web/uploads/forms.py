"""The upload form; the core validates the options."""

from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jobs.services.job.request_validation import check_request, request_with_defaults
from jobs.web.uploads import choices
from jobs.web.uploads.option_fields import option_field, plain_options
from separation.errors import InvalidOptions, LicenceRefused
from separation.options import DENOISE_STRENGTH, OPTIONS
from separation.request.separation_request import SeparationRequest, parse_request
from separation.stage_table import USUAL_STAGES

_DETAILS = "details_"
"""The prefix of the fields that split a stem again."""


_SHOWN_FIRST = ("format", "ni_stems")
"""Options that are not below "Advanced"."""


class SeparationForm(forms.Form):
    """The upload form; a valid form has a ``separation_request``.

    Most options have a field that is made of their row (:mod:`jobs.web.uploads.option_fields`).
    With a preset, only the format and ``stay_here`` count, and the page hides the other fields.
    Without a preset every field counts.
    """

    preset = forms.ChoiceField(
        label=_("Preset"),
        choices=choices.preset_choices,
        initial=choices.OWN_CHOICE,
        required=False,
    )
    model = forms.ChoiceField(
        choices=lambda: [(card.value, card.label) for card in choices.model_cards()],
        initial=lambda: choices.card_value(settings.DEFAULT_SEPARATOR),
        required=False,
    )
    stem_choice = forms.ChoiceField(
        choices=(
            ("all", _("All stems")),
            ("karaoke", _("Karaoke: the vocals, and everything else")),
            ("chosen", _("Only these:")),
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
        initial=list(USUAL_STAGES),
        required=False,
    )
    format = forms.ChoiceField(
        label=_("Format"), choices=choices.FORMATS, initial=choices.PAGE_FORMAT, required=False
    )
    denoise_stem = forms.ChoiceField(
        label=_("Stem with less noise"),
        choices=lambda: [
            ("", gettext("None")),
            *((s.value, s.label) for s in choices.stem_choices()),
        ],
        required=False,
    )
    denoise_strength = option_field(DENOISE_STRENGTH)
    stay_here = forms.BooleanField(
        label=_("Do not send the song to another machine"), required=False
    )

    separation_request: SeparationRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in plain_options():
            self.fields.setdefault(name, option_field(OPTIONS[name]))
        # All fields have the same choices, and each asks for them: what can run is found out once.
        splitters = cache(choices.splitters)
        for stem in choices.split_choices():
            self.fields[_DETAILS + stem.value] = forms.ChoiceField(
                label=stem.label,
                help_text=stem.note,
                choices=splitters,
                required=False,
            )

    @property
    def advanced_fields(self) -> list[forms.BoundField]:
        return [field for field in self._advanced() if not _is_flag(field)]

    @property
    def advanced_flags(self) -> list[forms.BoundField]:
        return [field for field in self._advanced() if _is_flag(field)]

    def _advanced(self) -> list[forms.BoundField]:
        return [self[name] for name in plain_options() if name not in _SHOWN_FIRST]

    @property
    def details_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(_DETAILS)]

    @property
    def chooses_second_level(self) -> bool:
        """Whether the page opens the part about details and noise."""
        return any(field.value() for field in (*self.details_fields, self["denoise_stem"]))

    @property
    def chooses_more(self) -> bool:
        """Whether the page opens "More": an error or a choice is in it that should be seen."""
        return (
            bool(self.errors)
            or self["preset"].value() not in choices.MAIN_PRESETS
            or (self["format"].value() or choices.PAGE_FORMAT) != choices.PAGE_FORMAT
            or bool(self["stay_here"].value())
        )

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
        return request_with_defaults(options=beside)

    def _choices(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """The request's fields; an empty field keeps the request's default."""
        value = cleaned["model"] or choices.card_value(settings.DEFAULT_SEPARATOR)
        separator, _, model = value.partition(":")
        stems: dict[str, dict[str, Any]] = {
            "karaoke": {"two_stems": "vocals"},
            "chosen": {"stems": tuple(cleaned["stems"])},
        }
        if not cleaned["stages"]:
            raise InvalidOptions(gettext("Choose at least one thing to make."))
        if cleaned["stem_choice"] == "chosen" and not cleaned["stems"]:
            raise InvalidOptions(gettext("Select at least one stem, or choose all of them."))
        plain = {name: cleaned[name] for name in plain_options() if cleaned[name] not in (None, "")}
        return {
            "separator": separator,
            "model": model or None,
            "stages": tuple(cleaned["stages"]),
            "allow_remote": not cleaned["stay_here"],
            **stems.get(cleaned["stem_choice"], {}),
            **plain,
            **_second_level(cleaned),
        }


def _is_flag(field: forms.BoundField) -> bool:
    return isinstance(field.field, forms.BooleanField)


def _second_level(cleaned: dict[str, Any]) -> dict[str, Any]:
    """The stems to split again, and the one with less noise."""
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
