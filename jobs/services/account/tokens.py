"""API tokens: made under a name, seen once, taken back; what is stored is a digest."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs.errors import TokenNameTaken
from jobs.models import ApiToken
from jobs.models.account_lock import lock_account
from jobs.models.api_token import MAX_NAME_LENGTH
from separation.errors import InvalidOptions, QuotaExceeded

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NOTED_EVERY = timedelta(minutes=1)
"""How exact "last used" is: a program that asks ten times a second writes no more often."""


class NewToken(NamedTuple):
    """``secret`` is what a program sends; nobody can read it again."""

    row: ApiToken
    secret: str


def create_token(
    *, owner: "User", name: str = "", days: int | None = None, until: datetime | None = None
) -> NewToken:
    """``days``: TOKEN_DAYS where None, and at most. ``until``: the token that asks expires then,
    and cannot make one that outlives it.

    Raises ``InvalidOptions`` for a name or number that cannot be, ``TokenNameTaken``, or
    ``QuotaExceeded`` where the account has as many tokens as it may have.
    """
    name = _cleaned(name)
    if days is not None and days < 1:
        raise InvalidOptions("A token works for one day at least.")
    life = timedelta(days=min(days or settings.TOKEN_DAYS, settings.TOKEN_DAYS))
    with transaction.atomic():
        lock_account(owner)
        mine = ApiToken.objects.filter(user=owner)
        mine.expired().delete()
        if mine.count() >= settings.MAX_TOKENS:
            raise QuotaExceeded(
                f"You have {settings.MAX_TOKENS} API tokens, and no more are allowed. Revoke one "
                "that you no longer need."
            )
        if name and mine.filter(name__iexact=name).exists():
            raise TokenNameTaken(
                f"You have a token named {name} already. Choose another name, or revoke that one "
                "first."
            )
        row, secret = ApiToken.objects.create(user=owner, expiry=life, name=name)
        if until is not None and row.expiry > until:
            # knox counts from now, and would let a chain of tokens creep on.
            row.expiry = until
            row.save(update_fields=["expiry"])
    return NewToken(row, secret)


def revoke_token(*, token: ApiToken) -> None:
    """It opens nothing from now on. Safe to repeat."""
    ApiToken.objects.filter(pk=token.pk).delete()


def end_tokens(*, owner: "User") -> int:
    """None of the account's opens anything from now on; returns how many did. Safe to repeat."""
    mine = ApiToken.objects.filter(user=owner)
    working = int(mine.exclude(pk__in=mine.expired()).count())
    mine.delete()
    return working


def note_use(token: ApiToken) -> None:
    """Write down that it was used now, unless that was done a moment ago."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def _cleaned(name: str) -> str:
    from separation.audio.names import one_line

    cleaned = one_line(name) or ""
    if len(cleaned) > MAX_NAME_LENGTH:
        raise InvalidOptions(
            f"The name of a token has at most {MAX_NAME_LENGTH} characters; this is longer."
        )
    return cleaned
