"""The preferences of a person: the theme of the pages, and the defaults of the upload form."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jobs.models import Preferences
from jobs.models.preferences import Theme

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User


def theme_of(user: "AbstractBaseUser | AnonymousUser") -> Theme:
    if not user.is_authenticated:
        return Theme.SYSTEM
    chosen = Preferences.objects.filter(owner_id=user.pk).values_list("theme", flat=True).first()
    return Theme(chosen or Theme.SYSTEM)


def defaults_of(owner: "User") -> dict[str, Any]:
    """The chosen fields of the upload form, including values that are no longer offered."""
    found = Preferences.objects.filter(owner=owner).values_list("defaults", flat=True).first()
    return dict(found or {})


def set_theme(*, owner: "User", theme: Theme) -> None:
    Preferences.objects.update_or_create(owner=owner, defaults={"theme": theme})


def set_defaults(*, owner: "User", chosen: Mapping[str, Any]) -> None:
    """Replace the chosen defaults. Empty values are dropped, so that the site's defaults apply."""
    kept = {name: value for name, value in chosen.items() if value}
    Preferences.objects.update_or_create(owner=owner, defaults={"defaults": kept})
