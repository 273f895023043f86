"""The limits of an account. Field by field, its own row takes precedence over the rows of its
groups, and these over the settings. Shared limits of groups apply in addition."""

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q

from jobs.models import QuotaLimit

if TYPE_CHECKING:
    from django.contrib.auth.models import Group, User

NO_LIMIT = QuotaLimit.NO_LIMIT


class Kind(enum.StrEnum):
    """The kinds of limits. The value is the name of the column."""

    STORED_BYTES = "stored_bytes"
    AUDIO_MINUTES = "audio_minutes_per_day"
    ACTIVE_JOBS = "active_jobs"
    RUNNING_JOBS = "running_jobs"


SETTINGS = {
    Kind.STORED_BYTES: "MAX_STORED_BYTES",
    Kind.AUDIO_MINUTES: "MAX_AUDIO_MINUTES_PER_DAY",
    Kind.ACTIVE_JOBS: "MAX_ACTIVE_JOBS",
    Kind.RUNNING_JOBS: "MAX_RUNNING_JOBS",
}


@dataclass(frozen=True)
class Cap:
    """A limit of ``most`` for ``owners``: one account, or all members of ``group``. ``most`` None
    is no limit. ``origin``: where the rule comes from, in words."""

    kind: Kind
    most: int | None
    owners: Any
    group: "Group | None" = None
    origin: str = ""


@dataclass(frozen=True)
class Rules:
    """All rules for one account, read with one query."""

    owner_id: int
    own: QuotaLimit | None
    of_groups: tuple[QuotaLimit, ...]
    shared: tuple[QuotaLimit, ...]

    def cap(self, kind: Kind) -> Cap:
        """The limit of the account alone."""
        row, most = self._deciding(kind)
        origin = "the site's settings" if row is None else _whose(row)
        return Cap(kind, most or None, [self.owner_id], origin=origin)

    def shared_caps(self, kind: Kind) -> Iterator[Cap]:
        """The shared limits of its groups; groups without one are left out."""
        return (cap for row in self.shared if (cap := shared_cap(row, kind)).most is not None)

    def caps(self, kind: Kind) -> list[Cap]:
        """Every limit of this kind that applies to the account."""
        caps = [self.cap(kind), *self.shared_caps(kind)]
        return [cap for cap in caps if cap.most is not None]

    def _deciding(self, kind: Kind) -> tuple[QuotaLimit | None, int]:
        own = value(self.own, kind) if self.own else None
        if own is not None:
            return self.own, own
        limits = [(row, most) for row in self.of_groups if (most := value(row, kind)) is not None]
        if limits:
            return max(limits, key=lambda each: generosity(each[1]))
        return None, of_site(kind)


def rules_of(owner: "User") -> Rules:
    rows = QuotaLimit.objects.filter(Q(user=owner) | Q(group__user=owner))
    found = list(rows.select_related("group").order_by("group__name", "pk"))
    return Rules(
        owner_id=owner.pk,
        own=next((row for row in found if row.group is None), None),
        of_groups=tuple(row for row in found if row.group and not row.shared),
        shared=tuple(row for row in found if row.group and row.shared),
    )


def shared_cap(row: QuotaLimit, kind: Kind) -> Cap:
    assert row.group is not None
    owners = members([row.group.pk])
    return Cap(kind, value(row, kind) or None, owners, row.group, _whose(row))


def value(row: QuotaLimit, kind: Kind) -> int | None:
    """The row's value. None: the next rule decides. ``NO_LIMIT``: the row lifts the limit."""
    found: int | None = getattr(row, kind)
    return found


def of_site(kind: Kind) -> int:
    return int(getattr(settings, SETTINGS[kind]))


def generosity(most: int) -> float:
    return float("inf") if most == NO_LIMIT else most


def decide(own: int | None, of_groups: Iterable[int], kind: Kind) -> int:
    """Apply the precedence of this module to values, for code that checks many accounts at once."""
    if own is not None:
        return own
    return max(of_groups, key=generosity, default=of_site(kind))


def members(group_ids: Iterable[int]) -> Any:
    """A subquery of the accounts in any of these groups."""
    memberships = get_user_model().groups.through.objects.filter(group__in=list(group_ids))
    return memberships.values("user")


def _whose(row: QuotaLimit) -> str:
    return f"the group {row.group.name}" if row.group else "this account's own row"
