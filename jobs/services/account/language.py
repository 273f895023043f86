"""The language in which a person is addressed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import translation

from jobs.services.account.preferences import language_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


def is_offered(language: str) -> bool:
    return language in dict(settings.OFFERED_LANGUAGES)


def chosen_language(user: "AbstractBaseUser | AnonymousUser") -> str | None:
    """The language that the account has chosen, while the site offers it."""
    language = language_of(user)
    return language if is_offered(language) else None


@contextmanager
def language_for(user: "AbstractBaseUser") -> Iterator[None]:
    """Texts in the block are in the person's language, as those of a mail must be."""
    with translation.override(chosen_language(user) or str(settings.SITE_LANGUAGE)):
        yield
