"""The options of a separation as the text fields of a form or a query."""

import json
from typing import Any, cast

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from separation.errors import InvalidOptions
from separation.option_row import Option
from separation.options import OPTIONS
from separation.request.separation_request import parse_stems
from separation.request.splits import parse_denoise, parse_details, parse_ensemble_text

NOT_CHOICES = frozenset({"file", "audio", "filename", "source_id", "batch", "csrfmiddlewaretoken"})


_NOTATIONS = {"ensemble": parse_ensemble_text, "details": parse_details, "denoise": parse_denoise}
"""Fields whose value may be an object, and their parsers; an ensemble also sets the separator."""


class WordsField(serializers.CharField):
    """Words as ``a,b``, or as the same field sent twice."""

    def get_value(self, dictionary: Any) -> Any:
        name = self.field_name or ""
        if isinstance(dictionary, QueryDict) and name in dictionary:
            return ",".join(dictionary.getlist(name))
        return super().get_value(dictionary)


class FlagField(serializers.BooleanField):
    """A flag that is left out keeps its default; DRF reads a form without it as "no"."""

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
    """Text in a short notation, or a JSON object, which a form sends as text."""


_FIELDS: dict[str, type[Any]] = {
    "flag": FlagField,
    "words": WordsField,
    "notation": NotationField,
    "integer": serializers.IntegerField,
    "number": serializers.FloatField,
}


def option_field(option: Option[Any]) -> Any:
    """A field that checks the type only; the core checks ranges and combinations."""
    kind = "integer" if isinstance(option.default, int) and option.values else option.kind
    field = _FIELDS.get(kind, serializers.CharField)
    if option.is_number:
        low, high = option.range
        kind_of_number = {"type": option.kind, "minimum": low, "maximum": high}
        field = extend_schema_field(kind_of_number)(type(option.name, (field,), {}))
    return field(required=False, help_text=option_help(option))


def option_help(option: Option[Any]) -> str:
    """What the option does, its allowed values and its default."""
    return f"{option.sentence} Takes: {option.accepted}. Without it: {option.without_it}."


class ChoicesSerializer(serializers.Serializer[dict[str, Any]]):
    """All options except those for the operator only, such as a folder of weights."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        rows = [row for row in OPTIONS.values() if not row.is_for_operator]
        return {**super().get_fields(), **{row.name: option_field(row) for row in rows}}


def choice_fields(data: object) -> QueryDict:
    """A JSON object as the fields of a form. Raises ``InvalidOptions`` for anything else."""
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
    counts as left out.

    Raises ``InvalidOptions`` for a field that does not exist, so that no typo is ignored.
    """
    sent = QueryDict(mutable=True)
    for name in data:
        values = [value for value in data.getlist(name) if value != ""]
        if values and name not in NOT_CHOICES:
            sent.setlist(name, values)
    serializer = ChoicesSerializer(data=sent)
    unknown = sorted(set(sent) - set(serializer.fields))
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
    # A field of its own wins over what the short notation of `stems` implies.
    return {**parse_stems(choices.pop("stems", "")), **choices}
