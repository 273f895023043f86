"""Creates and revokes API tokens. The secret is shown once; the database stores a digest."""

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
"""The precision of "last used". Frequent requests of a program cause no more writes than this."""


class NewToken(NamedTuple):
    """``secret`` is the value that a program sends. It cannot be read again."""

    row: ApiToken
    secret: str


def create_token(
    *, owner: "User", name: str = "", days: int | None = None, until: datetime | None = None
) -> NewToken:
    """Create a token. ``days``: by default and at most TOKEN_DAYS. ``until``: the expiry of the
    token that authenticates this request; the new token expires no later.

    Raises ``InvalidOptions`` for an invalid name or number of days, ``TokenNameTaken``, or
    ``QuotaExceeded`` where the account has the maximum of tokens.
    """
    name = _cleaned(name)
    if days is not None and days < 1:
        raise InvalidOptions("A token works for one day at least.")
    life = timedelta(days=min(days or settings.TOKEN_DAYS, settings.TOKEN_DAYS))
    with transaction.atomic():
        lock_account(owner)
        tokens = ApiToken.objects.filter(user=owner)
        tokens.expired().delete()
        if tokens.count() >= settings.MAX_TOKENS:
            raise QuotaExceeded(
                f"You have {settings.MAX_TOKENS} API tokens, and no more are allowed. Revoke one "
                "that you no longer need."
            )
        if name and tokens.filter(name__iexact=name).exists():
            raise TokenNameTaken(
                f"You have a token named {name} already. Choose another name, or revoke that one "
                "first."
            )
        row, secret = ApiToken.objects.create(user=owner, expiry=life, name=name)
        if until is not None and row.expiry > until:
            # knox counts from now, so a chain of tokens could extend itself for ever.
            row.expiry = until
            row.save(update_fields=["expiry"])
    return NewToken(row, secret)


def revoke_token(*, token: ApiToken) -> None:
    """Delete the token, so that it grants no access. Safe to repeat."""
    ApiToken.objects.filter(pk=token.pk).delete()


def end_tokens(*, owner: "User") -> int:
    """Delete all tokens of the account; returns how many had not expired. Safe to repeat."""
    tokens = ApiToken.objects.filter(user=owner)
    working = int(tokens.exclude(pk__in=tokens.expired()).count())
    tokens.delete()
    return working


def note_use(token: ApiToken) -> None:
    """Record that the token was used now, unless a recent use is recorded."""
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
