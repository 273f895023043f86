"""The limits of an account and how far they are used, for pages, API and admin."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jobs.models.quota_rules import Cap, Kind, members, rules_of, shared_cap
from jobs.sentences import in_digits
from jobs.services.quotas.limits import refusal
from jobs.services.quotas.usage import used
from jobs.services.sizes import size

if TYPE_CHECKING:
    from django.contrib.auth.models import Group, User

NEARLY = 0.9
"""From this share of the limit on, a meter shows that little is left."""

LABELS = {
    Kind.STORED_BYTES: _("Storage"),
    Kind.AUDIO_MINUTES: _("Audio in 24 hours"),
    Kind.ACTIVE_JOBS: _("Jobs waiting or running"),
    Kind.RUNNING_JOBS: _("Jobs running"),
}


@dataclass(frozen=True)
class Gauge:
    """One limit and its use, both in the unit of the kind. ``most`` None: no limit. ``group``
    empty: the account's own limit."""

    kind: Kind
    used: float
    most: int | None
    group: str = ""
    origin: str = ""

    @property
    def label(self) -> str:
        return str(LABELS[self.kind])

    @property
    def left(self) -> float | None:
        return None if self.most is None else max(0.0, self.most - self.used)

    @property
    def nearly(self) -> float:
        """The use from which on little is left."""
        return (self.most or 0) * NEARLY

    @property
    def shown(self) -> float:
        """The value for a meter, which ends at ``most``. Tracks may exceed the limit."""
        return self.used if self.most is None else min(self.used, self.most)

    @property
    def state(self) -> str:
        """The state in words, as some people cannot see a colour."""
        if self.most is None:
            return gettext("no limit")
        if self.used >= self.most:
            return gettext("full")
        return gettext("nearly full") if self.used >= self.nearly else ""

    def __str__(self) -> str:
        """Such as "1.20 GB of 5.00 GB", "34 of 60 minutes", "2 of 10", or without a limit "2"."""
        if self.kind is Kind.STORED_BYTES:
            figure, most = size(int(self.used)), self.most and size(self.most)
            return in_digits(_of(figure, most) if most else figure)
        minutes = self.kind is Kind.AUDIO_MINUTES
        figure = f"{self.used:.1f}".removesuffix(".0") if minutes else f"{self.used:.0f}"
        text = in_digits(figure if self.most is None else _of(figure, str(self.most)))
        return gettext("%(figure)s minutes") % {"figure": text} if minutes else text


def _of(used: str, most: str) -> str:
    return gettext("%(used)s of %(most)s") % {"used": used, "most": most}


@dataclass(frozen=True)
class Allowance:
    """``own``: a gauge for each kind, in their order. ``shared``: gauges for the shared limits of
    the account's groups. ``refusal``: why nothing new would be accepted now, or None."""

    own: tuple[Gauge, ...]
    shared: tuple[Gauge, ...]
    refusal: str | None

    @property
    def telling(self) -> list[Gauge]:
        """The gauges to show on a page: storage and jobs, and all others that have a limit."""
        always = (Kind.STORED_BYTES, Kind.ACTIVE_JOBS)
        own = [gauge for gauge in self.own if gauge.most is not None or gauge.kind in always]
        return [*own, *self.shared]


def allowance_of(owner: "User") -> Allowance:
    rules = rules_of(owner)
    own = tuple(_gauge(rules.cap(kind)) for kind in Kind)
    shared = tuple(_gauge(cap) for kind in Kind for cap in rules.shared_caps(kind))
    return Allowance(own, shared, refusal(owner=owner))


def use_of_group(group: "Group") -> tuple[Gauge, ...]:
    """The common use of all members, with the shared limits of the group, if any."""
    row = group.quota_limits.filter(shared=True).select_related("group").first()
    caps: Iterable[Any] = (
        shared_cap(row, kind) if row else Cap(kind, None, members([group.pk]), group)
        for kind in Kind
    )
    return tuple(_gauge(cap) for cap in caps)


def _gauge(cap: Cap) -> Gauge:
    group = cap.group.name if cap.group else ""
    return Gauge(cap.kind, used(cap.kind, cap.owners), cap.most, group, cap.origin)
