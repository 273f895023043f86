"""The preferences of a person: theme and language of the pages, defaults of the upload form."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist

from jobs.models import Preferences
from jobs.models.preferences import Theme

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User


def theme_of(user: "AbstractBaseUser | AnonymousUser") -> Theme:
    row = _row_of(user)
    return Theme(row.theme) if row else Theme.SYSTEM


def language_of(user: "AbstractBaseUser | AnonymousUser") -> str:
    """The code of the chosen language; empty for none."""
    row = _row_of(user)
    return row.language if row else ""


def defaults_of(owner: "User") -> dict[str, Any]:
    """The chosen fields of the upload form, including values that are no longer offered."""
    found = Preferences.objects.filter(owner=owner).values_list("defaults", flat=True).first()
    return dict(found or {})


def set_theme(*, owner: "User", theme: Theme) -> None:
    _change(owner, theme=theme)


def set_language(*, owner: "User", language: str) -> None:
    """``language``: a code of ``settings.OFFERED_LANGUAGES``, or empty for the browser's."""
    _change(owner, language=language)


def set_defaults(*, owner: "User", chosen: Mapping[str, Any]) -> None:
    """Replace the chosen defaults. Empty values are dropped, so that the site's defaults apply."""
    _change(owner, defaults={name: value for name, value in chosen.items() if value})


def _row_of(user: "AbstractBaseUser | AnonymousUser") -> Preferences | None:
    """The row, which a request has read together with the account (``LimitedBackend.get_user``)."""
    if not user.is_authenticated:
        return None
    try:
        row: Preferences = user.preferences  # type: ignore[attr-defined]  # the reverse of `owner`
    except ObjectDoesNotExist:
        return None
    return row


def _change(owner: "User", **values: Any) -> None:
    row, _ = Preferences.objects.update_or_create(owner=owner, defaults=values)
    row.owner = owner  # replaces what `owner` had read before
