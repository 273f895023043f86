"""Caps on the jobs that an account, or a group as a whole, may have running at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from django.contrib.auth import get_user_model
from django.db.models import Q

from jobs.models import QuotaLimit
from jobs.models.quota_rules import NO_LIMIT, Kind, decide

Account: TypeAlias = tuple[int, bool]
"""The id of an owner, and True for the jobs that an operator's campaign recomputes for that owner.
Campaign jobs neither count against the owner's cap nor are limited by it."""


class Caps:
    """The caps on running jobs of some owners and of their groups. Loading takes two queries at
    most."""

    def __init__(self, owners: set[int]) -> None:
        rows = QuotaLimit.objects.filter(running_jobs__isnull=False)
        rows = rows.filter(Q(user__in=owners) | Q(group__isnull=False))
        own: dict[int, int] = {}
        of_group: dict[int, int] = {}
        self._shared: dict[int, int] = {}
        limits = rows.values_list("user", "group", "shared", "running_jobs")
        for user, group, shared, most in limits:
            assert most is not None  # for the type checker: the filter says so
            if user is not None:
                own[user] = most
            elif group is not None and not shared:
                of_group[group] = most
            elif group is not None and most != NO_LIMIT:
                self._shared[group] = most
        self._groups = _groups_of(owners, of_group.keys() | self._shared.keys())
        decided = {
            owner: decide(
                own.get(owner),
                (of_group[group] for group in self._groups[owner] if group in of_group),
                Kind.RUNNING_JOBS,
            )
            for owner in owners
        }
        self._capped = {owner: most for owner, most in decided.items() if most != NO_LIMIT}

    def apply_to(self, owner: int) -> bool:
        """Whether any cap limits ``owner``."""
        in_capped_group = any(group in self._shared for group in self._groups[owner])
        return owner in self._capped or in_capped_group

    def full(self, running: Counter[Account]) -> set[int]:
        """The owners that may start no further job. Every owner in ``running`` must have been
        loaded, as owners may share a group."""
        full, groups = set(self.full_owners(running)), self.full_groups(running)
        if groups:
            full |= {o for o, own in self._groups.items() if not groups.isdisjoint(own)}
        return full

    def full_owners(self, running: Counter[Account]) -> list[int]:
        """The loaded owners that have reached their own cap."""
        return [o for o, most in self._capped.items() if most <= running[o, False]]

    def full_groups(self, running: Counter[Account]) -> set[int]:
        """The groups whose members together have reached the group's cap."""
        if not self._shared:
            return set()
        together: Counter[int] = Counter()
        for (owner, campaign), jobs in running.items():
            if not campaign:
                for group in self._groups[owner]:
                    together[group] += jobs
        return {group for group, most in self._shared.items() if together[group] >= most}


def owners_of(accounts: Iterable[Account]) -> set[int]:
    """The owners whose caps count. Campaign jobs have no cap."""
    return {owner for owner, campaign in accounts if not campaign}


def _groups_of(owners: set[int], groups: Iterable[int]) -> defaultdict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    group_ids = list(groups)
    if group_ids:
        memberships = get_user_model().groups.through.objects.filter(
            user__in=owners, group__in=group_ids
        )
        for owner, group in memberships.values_list("user", "group"):
            found[owner].append(group)
    return found
