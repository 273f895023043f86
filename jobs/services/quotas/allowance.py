"""What an account may use and has used, for whoever shows it: pages, API and admin."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.models.quota_rules import Cap, Kind, members, rules_of, shared_cap
from jobs.services.quotas.limits import refusal
from jobs.services.quotas.usage import used
from jobs.services.sizes import size

if TYPE_CHECKING:
    from django.contrib.auth.models import Group, User

NEARLY = 0.9
"""From this share on a meter says that there is not much left."""

LABELS = {
    Kind.STORED_BYTES: "Storage",
    Kind.AUDIO_MINUTES: "Audio in 24 hours",
    Kind.ACTIVE_JOBS: "Jobs waiting or running",
    Kind.RUNNING_JOBS: "Jobs running",
}


@dataclass(frozen=True)
class Gauge:
    """One limit and how far it is used up. ``most`` None: no limit; ``group`` empty: the
    account's own. Both figures are in the unit of the kind."""

    kind: Kind
    used: float
    most: int | None
    group: str = ""
    origin: str = ""

    @property
    def label(self) -> str:
        return LABELS[self.kind]

    @property
    def left(self) -> float | None:
        return None if self.most is None else max(0.0, self.most - self.used)

    @property
    def nearly(self) -> float:
        """Where on the meter little is left."""
        return (self.most or 0) * NEARLY

    @property
    def shown(self) -> float:
        """For a meter, which ends at ``most``; tracks may fill more than the limit."""
        return self.used if self.most is None else min(self.used, self.most)

    @property
    def state(self) -> str:
        """In words, as a colour alone says nothing to some."""
        if self.most is None:
            return "no limit"
        if self.used >= self.most:
            return "full"
        return "nearly full" if self.used >= self.nearly else ""

    def __str__(self) -> str:
        """Such as "1.20 GB of 5.00 GB", "34 of 60 minutes", "2 of 10", or without a limit "2"."""
        if self.kind is Kind.STORED_BYTES:
            figure, most = size(int(self.used)), self.most and size(self.most)
            return f"{figure} of {most}" if most else figure
        minutes = self.kind is Kind.AUDIO_MINUTES
        figure = f"{self.used:.1f}".removesuffix(".0") if minutes else f"{self.used:.0f}"
        told = figure if self.most is None else f"{figure} of {self.most}"
        return f"{told} minutes" if minutes else told


@dataclass(frozen=True)
class Allowance:
    """``own``: a gauge for each kind, in their order; ``shared``: of the groups of the account,
    for the limits that they have as wholes. ``refusal``: why nothing new would be accepted now."""

    own: tuple[Gauge, ...]
    shared: tuple[Gauge, ...]
    refusal: str | None

    @property
    def telling(self) -> list[Gauge]:
        """What is worth a place on a page: storage and jobs, and the rest where it is limited."""
        always = (Kind.STORED_BYTES, Kind.ACTIVE_JOBS)
        own = [gauge for gauge in self.own if gauge.most is not None or gauge.kind in always]
        return [*own, *self.shared]


def allowance_of(owner: "User") -> Allowance:
    rules = rules_of(owner)
    own = tuple(_gauge(rules.cap(kind)) for kind in Kind)
    shared = tuple(_gauge(cap) for kind in Kind for cap in rules.shared_caps(kind))
    return Allowance(own, shared, refusal(owner=owner))


def use_of_group(group: "Group") -> tuple[Gauge, ...]:
    """What the members have used together, with the group's limits where it has such."""
    row = group.quota_limits.filter(shared=True).select_related("group").first()
    caps: Iterable[Any] = (
        shared_cap(row, kind) if row else Cap(kind, None, members([group.pk]), group)
        for kind in Kind
    )
    return tuple(_gauge(cap) for cap in caps)


def _gauge(cap: Cap) -> Gauge:
    group = cap.group.name if cap.group else ""
    return Gauge(cap.kind, used(cap.kind, cap.owners), cap.most, group, cap.origin)
