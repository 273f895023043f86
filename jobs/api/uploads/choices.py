"""The choices that come with an upload, as text of a form or a query."""

import json
from typing import Any, TypeVar, cast

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from separation.errors import InvalidOptions
from separation.formats import OUTPUT_FORMATS
from separation.ranges import CHOSEN, bounds
from separation.request.separation_request import parse_stems
from separation.request.splits import parse_denoise, parse_details, parse_ensemble_text
from separation.stage_table import OPTIONAL_STAGES

NumberField = TypeVar("NumberField", serializers.FloatField, serializers.IntegerField)

NOT_CHOICES = frozenset({"file", "audio", "filename", "source_id", "batch", "csrfmiddlewaretoken"})


_NOTATIONS = {"ensemble": parse_ensemble_text, "details": parse_details, "denoise": parse_denoise}
"""Fields whose value may be an object, and what reads them; an ensemble names its separator too."""


class WordsField(serializers.CharField):
    """``a,b`` or the same field given twice."""

    def get_value(self, dictionary: Any) -> Any:
        name = self.field_name or ""
        if isinstance(dictionary, QueryDict) and name in dictionary:
            return ",".join(dictionary.getlist(name))
        return super().get_value(dictionary)


class FlagField(serializers.BooleanField):
    """A flag that was not sent is no choice; DRF takes a form without one for a "no"."""

    default_empty_html = empty


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "object"},
            {"type": "array", "items": {"type": "object"}},
        ]
    }
)
class NotationField(serializers.CharField):
    """Text in a short notation, or an object of JSON, which a form sends as text."""


def number(name: str, help_text: str = "") -> serializers.FloatField:
    return _described(name, serializers.FloatField, "number", help_text)


def whole_number(name: str, help_text: str = "") -> serializers.IntegerField:
    return _described(name, serializers.IntegerField, "integer", help_text)


def _described(name: str, kind: type[NumberField], type_name: str, help_text: str) -> NumberField:
    """The description tells the range; it is judged with all the rest, in the core."""
    range_ = bounds(CHOSEN[name])
    schema = {"type": type_name, "minimum": range_.low, "maximum": range_.high}
    described: type[NumberField] = extend_schema_field(schema)(type(name, (kind,), {}))
    return described(required=False, help_text=f"{range_}. {help_text}".strip())


class ChoicesSerializer(serializers.Serializer[dict[str, Any]]):
    """Types only: ranges and what goes together are the core's to judge, in one place.

    ``repo`` is missing on purpose: only the operator may name a folder of weights.
    """

    preset = serializers.CharField(
        required=False,
        help_text="A name of /presets: choices that go together. Any other field given beside it "
        "wins over what the preset says.",
    )
    separator = serializers.CharField(required=False, help_text="A name of /separators.")
    model = serializers.CharField(required=False, help_text="A model of the separator.")
    stems = WordsField(
        required=False, help_text="`4`, `6`, `2:vocals`, or a list such as `vocals,drums`."
    )
    two_stems = serializers.CharField(required=False, help_text="One stem and all the rest.")
    stages = WordsField(
        required=False,
        help_text=f"Of `{','.join(OPTIONAL_STAGES)}`; all by default.",
    )
    format = serializers.CharField(
        required=False, help_text=f"One of {', '.join(OUTPUT_FORMATS)}; wav24 by default."
    )
    sample_rate_hz = serializers.IntegerField(required=False, help_text="44100 or 48000.")
    mp3_bitrate_kbps = whole_number("mp3_bitrate_kbps")
    device = serializers.CharField(required=False, help_text="auto, cpu or cuda.")
    shifts = whole_number("shifts")
    overlap = number("overlap")
    segment_s = number("segment_s", "Seconds per segment; the model may take less.")
    seed = whole_number("seed", "Makes shifts repeatable.")
    target_db = number("target_db", "The site's by default.")
    level_measure = serializers.CharField(required=False, help_text="rms or lufs.")
    normalize = serializers.CharField(
        required=False,
        help_text="together: one gain for all tracks, which still sum to the song; each: every "
        "track to the target by itself.",
    )
    true_peak_ceiling_dbtp = number("true_peak_ceiling_dbtp")
    minus = FlagField(required=False, help_text="Also make minus_<stem>.")
    preview = FlagField(required=False, help_text="Also make what the mixer of the portal plays.")
    range_start_s = number(
        "range_start_s", "Only from here on. Left out beside a length: at a third of the song."
    )
    range_length_s = number("range_length_s", "Only so many seconds of the song.")
    ni_stems = FlagField(
        required=False,
        help_text="Also one .stem.mp4 with the song and four stems, for Traktor and Mixxx.",
    )
    ensemble = NotationField(
        required=False,
        help_text="Several separators together: the name of an ensemble, or an object with "
        "`members` (each with `separator`, and if need be `model` and `weights`), `combine` "
        "(`mean`, `min` or `max`) and `stems` (`same` or `common`).",
    )
    details = NotationField(
        required=False,
        help_text="Stems to split again, or `song`: `drums=spectral,vocals=demucs:htdemucs`, or a "
        "list of objects with `stem`, `separator` and, if need be, any other choice of a "
        "separation.",
    )
    denoise = NotationField(
        required=False,
        help_text="Stems to have with less noise as well: `vocals=0.5,drums` (strength 0 to 1), "
        "or a list of objects with `stem` and `strength`.",
    )
    score = serializers.CharField(
        required=False, help_text="demo: compare with the true stems of the demonstration song."
    )
    allow_smaller_model = FlagField(
        required=False, help_text="Rather a smaller model than none on a full GPU; off by default."
    )
    allow_remote = FlagField(
        required=False, help_text="The song may go to the site's remote service; on by default."
    )


def choice_fields(data: object) -> QueryDict:
    """An object of JSON as the fields of a form. Raises ``InvalidOptions`` for anything else."""
    if not isinstance(data, dict):
        raise InvalidOptions('The choices must be an object, such as {"separator": "spectral"}.')
    fields = QueryDict(mutable=True)
    for name, value in data.items():
        if name in _NOTATIONS and isinstance(value, dict | list):
            fields[name] = json.dumps(value)
            continue
        values = value if isinstance(value, list) else [] if value is None else [value]
        if any(isinstance(each, dict | list) for each in values):
            raise InvalidOptions(
                f"The choice {name!r} must be a word, a number or a list of words."
            )
        fields.setlist(name, [str(each) for each in values])
    return fields


def read_choices(data: QueryDict) -> dict[str, Any]:
    """Fields of a :class:`separation.request.separation_request.SeparationRequest`; an empty field
    is not a choice.

    Raises ``InvalidOptions`` for a field that does not exist, so that no typo is passed over.
    """
    given = QueryDict(mutable=True)
    for name in data:
        values = [value for value in data.getlist(name) if value != ""]
        if values and name not in NOT_CHOICES:
            given.setlist(name, values)
    serializer = ChoicesSerializer(data=given)
    unknown = sorted(set(given) - set(serializer.fields))
    if unknown:
        raise InvalidOptions(
            f"There is no option {unknown[0]!r}. There are: {', '.join(serializer.fields)}."
        )
    serializer.is_valid(raise_exception=True)
    choices = {**cast("dict[str, Any]", serializer.validated_data)}
    if "stages" in choices:
        choices["stages"] = tuple(part.strip() for part in choices["stages"].split(","))
    for name, parse in _NOTATIONS.items():
        if name in choices:
            read = parse(choices.pop(name))
            choices = {**read, **choices} if isinstance(read, dict) else {**choices, name: read}
    # What is named outright wins over what the short notation implies.
    return {**parse_stems(choices.pop("stems", "")), **choices}
