"""The initial values of the upload form: a person's defaults that this site still offers."""

from typing import TYPE_CHECKING, Any

from jobs.services.account.preferences import defaults_of
from jobs.web.uploads import choices

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FIELDS = ("preset", "model", "stages", "format")
"""Fields of the upload form for which a person can store a default."""


def starting_choices(owner: "User") -> dict[str, Any]:
    """The form's ``initial``. A default that the site no longer offers, such as a removed model, is
    left out. A person with stored defaults but without a preset gets none."""
    chosen, offered = defaults_of(owner), _offered()
    found: dict[str, Any] = {} if chosen else {"preset": choices.FIRST_PRESET}
    for name in FIELDS:
        value = chosen.get(name)
        if isinstance(value, list):
            value = [each for each in value if each in offered[name]]
        elif value not in offered[name]:
            value = None
        if value:
            found[name] = value
    return found


def _offered() -> dict[str, set[str]]:
    return {
        "preset": {name for name, _ in choices.preset_choices()},
        "model": {card.value for card in choices.model_cards()},
        "stages": {name for name, _, _ in choices.STAGE_BOXES},
        "format": {name for name, _ in choices.FORMATS},
    }
