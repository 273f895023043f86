"""Decides when a long job gives way to short songs: the rule, as pure functions.

A long job gives way at a checkpoint when songs of other people wait that take much less time than
the rest of the job. All songs of one turn together take at most ``short_s``, and between two turns
the job runs for at least ``min_s``. So the job loses a bounded share of its time, however many
songs wait. Within a turn the songs are dealt out by person. A person's own songs get no turn:
nobody else gains by it, and the person chose the order.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from django.conf import settings

from jobs.queue.caps import Account
from jobs.queue.lanes import ALL

Key = TypeVar("Key")

MUCH = 3.0
"""The songs of a turn take at most the remaining time of the job, divided by this number. Stopping,
resuming and a change of the model take seconds, and estimates are inexact."""

MAX_MIN_TIMES = 10.0
"""A job runs for at most so many times ``min_s`` after a turn that took too long. The turn also
lasts while the site is down, which says nothing about the songs."""


@dataclass(frozen=True)
class TurnRules:
    """``short_s``: the expected time of all songs of one turn; 0: no turns. ``min_s``: how long a
    job runs between two turns."""

    short_s: float
    min_s: float

    @classmethod
    def of_site(cls) -> Self:
        return cls(settings.TURN_SHORT_S, settings.TURN_MIN_S)

    @property
    def are_on(self) -> bool:
        return self.short_s > 0.0

    def must_run_s(self, lost_s: float) -> float:
        """How long a job runs before its next turn if the last turn took ``lost_s``. The time grows
        with ``lost_s``, so that the lost share is bounded where songs take longer than expected."""
        owed_s = lost_s * self.min_s / self.short_s
        return min(max(owed_s, self.min_s), MAX_MIN_TIMES * self.min_s)


@dataclass(frozen=True)
class LongJob:
    """A running job. ``left_s``: the remaining time; None where it is unknown, or where the job
    cannot be resumed. ``ran_s``: time since the job started or went on. ``lost_s``: length of its
    last turn."""

    account: Account
    lane: str
    priority: int
    left_s: float | None
    ran_s: float
    lost_s: float = 0.0

    def may_give_way(self, rules: TurnRules) -> bool:
        if not rules.are_on or self.left_s is None:
            return False
        return self.ran_s >= rules.must_run_s(self.lost_s)


@dataclass(frozen=True)
class WaitingSong(Generic[Key]):
    """A song that waits. ``key`` identifies it for the caller."""

    key: Key
    account: Account
    lane: str
    priority: int
    expected_s: float


def songs_of_turn(
    job: LongJob,
    waiting: Iterable[WaitingSong[Key]],
    rules: TurnRules,
    *,
    soonest_end_s: float = float("inf"),
) -> list[WaitingSong[Key]]:
    """The songs that go before the rest of ``job`` now, in their order; empty when it goes on.

    ``waiting``: the songs that a worker could take now, in the order of claims. ``soonest_end_s``:
    the time until another worker that would take them becomes free.
    """
    if not job.may_give_way(rules):
        return []
    assert job.left_s is not None
    room_s = min(rules.short_s, min(job.left_s, soonest_end_s) / MUCH)
    chosen = []
    for song in _dealt_out(song for song in waiting if _may_go_before(song, job)):
        if song.expected_s <= room_s:
            chosen.append(song)
            room_s -= song.expected_s
    return chosen


def _may_go_before(song: WaitingSong[Key], job: LongJob) -> bool:
    if song.account == job.account:
        return False
    if song.lane == job.lane:
        return song.priority >= job.priority
    return ALL.index(song.lane) < ALL.index(job.lane)


def _dealt_out(waiting: Iterable[WaitingSong[Key]]) -> Iterable[WaitingSong[Key]]:
    """Yield the first song of each account, then the second of each, and so on."""
    of_account: dict[Account, deque[WaitingSong[Key]]] = {}
    for song in waiting:
        of_account.setdefault(song.account, deque()).append(song)
    while of_account:
        for account in list(of_account):
            yield of_account[account].popleft()
            if not of_account[account]:
                del of_account[account]
