"""How many jobs an account, and a group as a whole, may have running at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from django.contrib.auth import get_user_model
from django.db.models import Q

from jobs.models import QuotaLimit
from jobs.models.quota_rules import NO_LIMIT, Kind, decide

Account: TypeAlias = tuple[int, bool]
"""An owner, and whether it is about what an operator recomputes for that owner: a campaign
neither uses up a person's share nor profits from it."""


class Caps:
    """The caps on running jobs of some owners and of their groups; two queries at most to load."""

    def __init__(self, owners: set[int]) -> None:
        rows = QuotaLimit.objects.filter(running_jobs__isnull=False)
        rows = rows.filter(Q(user__in=owners) | Q(group__isnull=False))
        own: dict[int, int] = {}
        of_group: dict[int, int] = {}
        self._shared: dict[int, int] = {}
        told = rows.values_list("user", "group", "shared", "running_jobs")
        for user, group, shared, most in told:
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
        """Is there any cap that ``owner`` could meet?"""
        in_capped_group = any(group in self._shared for group in self._groups[owner])
        return owner in self._capped or in_capped_group

    def full(self, running: Counter[Account]) -> set[int]:
        """The owners of whom no further job may start. All that are in ``running`` must have been
        loaded, as they may share a group."""
        full, groups = set(self.full_owners(running)), self.full_groups(running)
        if groups:
            full |= {o for o, mine in self._groups.items() if not groups.isdisjoint(mine)}
        return full

    def full_owners(self, running: Counter[Account]) -> list[int]:
        """Those that are at their own cap; of those that were loaded."""
        return [o for o, most in self._capped.items() if most <= running[o, False]]

    def full_groups(self, running: Counter[Account]) -> set[int]:
        """Those whose members together are at the group's cap."""
        if not self._shared:
            return set()
        together: Counter[int] = Counter()
        for (owner, campaign), jobs in running.items():
            if not campaign:
                for group in self._groups[owner]:
                    together[group] += jobs
        return {group for group, most in self._shared.items() if together[group] >= most}


def owners_of(accounts: Iterable[Account]) -> set[int]:
    """Whom caps may be about: campaigns know none."""
    return {owner for owner, campaign in accounts if not campaign}


def _groups_of(owners: set[int], groups: Iterable[int]) -> defaultdict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    wanted = list(groups)
    if wanted:
        memberships = get_user_model().groups.through.objects.filter(
            user__in=owners, group__in=wanted
        )
        for owner, group in memberships.values_list("user", "group"):
            found[owner].append(group)
    return found
