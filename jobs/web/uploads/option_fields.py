"""Form fields, made from the table of options; the core validates their values."""

from typing import Any

from django import forms

from jobs.services.job.request_validation import site_defaults
from separation.option_row import Option
from separation.options import OPTIONS

WITHOUT_OWN_FIELD = {
    "preset": "the page has a card for each preset",
    "separator": "the cards of models name it",
    "model": "the cards of models name it",
    "repo": "the operator alone names folders",
    "ensemble": "the known ones are cards of models",
    "details": "the form has a field for each stem",
    "denoise": "the form has a stem and a strength",
    "stems": "the form has boxes",
    "two_stems": "the form has karaoke",
    "stages": "the form has boxes",
    "range_start_s": "the preset for a preview chooses it",
    "range_length_s": "the preset for a preview chooses it",
    "allow_remote": "the form has a box that keeps the song here",
    "preview": "whoever uses the pages has the mixer",
    "score": "the demonstration song has its own button",
}
"""Options that have no field of their own in the form for a song, and why."""


_FIELDS: dict[str, type[forms.Field]] = {
    "flag": forms.BooleanField,
    "integer": forms.IntegerField,
    "number": forms.FloatField,
}


def plain_options() -> tuple[str, ...]:
    """Options that have a field of their own name in the form."""
    return tuple(name for name in OPTIONS if name not in WITHOUT_OWN_FIELD)


def option_field(option: Option[Any]) -> forms.Field:
    """An optional field. Choices have labels; any other field has the option's sentence as help."""
    arguments: dict[str, Any] = {
        "label": option.label,
        "initial": _initial(option),
        "required": False,
    }
    if option.kind == "choice":
        arguments |= {"choices": tuple(option.values.items()), "coerce": type(option.default)}
        return forms.TypedChoiceField(**arguments)
    arguments["help_text"] = option.plain_sentence
    if option.is_number:
        low, high = option.range
        arguments |= {"min_value": low, "max_value": high, "step_size": option.step}
    return _FIELDS.get(option.kind, forms.CharField)(**arguments)


def _initial(option: Option[Any]) -> Any:
    """Read for each form, as the setting may change after this module was imported."""
    if option.is_set_by_site:
        return lambda: site_defaults()[option.name]
    return option.default
