"""The position of a waiting job, and its expected start.

The module simulates the queue: whenever a worker becomes free, the next turn starts, by the same
rule as in claims, and a long job gives way to short songs by the rule of
:mod:`jobs.queue.preemption`. So the result takes into account that later jobs may start earlier: an
account with one song goes before an account with a hundred.
"""

import heapq
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.utils import timezone

from jobs.models import Job
from jobs.models.job import HELD_UNTIL, JobStatus, QueueRank
from jobs.queue.caps import Account, Caps, owners_of
from jobs.queue.claim import Turn, due, last_started, precedence
from jobs.queue.heartbeats import alive
from jobs.queue.lanes import ALL
from jobs.queue.preemption import LongJob, TurnRules, WaitingSong, songs_of_turn
from jobs.services.timing.progress import about, coarse_s
from jobs.services.timing.remaining import (
    OVERDUE,
    WORK_COLUMNS,
    Estimates,
    account_of,
    keeps_checkpoints,
    lost_s,
    running_jobs,
)
from jobs.services.timing.speed import Expected, Work

LOOK_AHEAD = 1000
"""The maximum of waiting jobs in the simulation, oldest first. Jobs behind them wait for hours, and
an estimate would be a guess."""

SONGS_OF_A_PERSON = 100
"""The maximum of waiting jobs of an account, oldest first, among which short songs are searched."""

NO_WORKER = "No worker is running"


@dataclass(frozen=True)
class Waiting:
    """The state of a waiting job. ``position``: 1 is next; None where it is unknown.
    ``starts_in_s``: None while no worker serves it. ``learned``: the estimate needed no default
    speed. ``pausing``: the job is not in line, after a failed attempt or in a paused campaign.
    ``goes_on``: it gave way to shorter songs."""

    position: int | None
    starts_in_s: float | None
    workers: int
    learned: bool = True
    pausing: bool = False
    goes_on: bool = False

    def sentence(self, *, for_staff: bool = False) -> str:
        if not self.workers:
            return self._nobody(for_staff)
        if self.pausing:
            return self._pause()
        if self.position is None:
            return f"More than {LOOK_AHEAD} songs are before this one."
        return f"{self._place()}, {self._start()}."

    def _pause(self) -> str:
        if self.starts_in_s is None:
            return "Held back until whoever runs this site lets it go on."
        return f"Tried again in about {about(self.starts_in_s)}."

    def _nobody(self, for_staff: bool) -> str:
        if for_staff:
            return f"{NO_WORKER}: start one with `python manage.py stemworker`."
        place = f" ({self._place().lower()})" if self.position else ""
        return (
            f"{NO_WORKER}. The song keeps its place{place} and starts as soon as whoever runs "
            "this site starts one."
        )

    def _place(self) -> str:
        assert self.position is not None
        return "Next in line" if self.position == 1 else f"{ordinal(self.position)} in line"

    def _start(self) -> str:
        starts = "goes on" if self.goes_on else "starts"
        if self.starts_in_s is None:
            return f"{starts} when a worker for it is free"
        if self.starts_in_s < 5.0:
            return f"{starts} in a moment"
        return f"{starts} {'in about' if self.learned else 'within'} {about(self.starts_in_s)}"


def ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def waiting(job: Job) -> Waiting | None:
    """The state of a waiting job; None unless ``job`` waits. The number of queries is fixed."""
    if job.status != JobStatus.PENDING:
        return None
    posts = _posts()
    now = timezone.now()
    line = _Line(now, posts)
    for position, (pk, start_s) in enumerate(line.starts(), start=1):
        if pk == job.pk:
            soon = None if start_s is None else _rounded(start_s)
            goes_on = job.queue_rank == QueueRank.GAVE_WAY
            return Waiting(position, soon, len(posts), line.learned, goes_on=goes_on)
    if job.not_before is None or job.not_before <= now:
        return Waiting(None, None, len(posts))
    held = job.not_before >= HELD_UNTIL
    pause_s = None if held else coarse_s((job.not_before - now).total_seconds())
    return Waiting(None, pause_s, len(posts), pausing=True)


def _rounded(start_s: float) -> float:
    return 0.0 if start_s < 3.0 else coarse_s(start_s)


@dataclass(frozen=True)
class _Post:
    """A living worker with its host and its lanes."""

    name: str
    host: str
    lanes: tuple[str, ...]


def _posts() -> list[_Post]:
    rows = alive().values_list("name", "host", "lanes")
    return [_Post(name, host, tuple(lanes) or ALL) for name, host, lanes in rows]


@dataclass(order=True)
class _Worker:
    """A worker in the simulation. ``free_at``: in seconds from now. ``busy_for``: the account whose
    job it then ends. ``job``: the state of that job at ``job_at`` seconds from now."""

    free_at: float
    number: int
    lanes: tuple[str, ...] = field(compare=False)
    busy_for: Account | None = field(compare=False, default=None)
    job: LongJob | None = field(compare=False, default=None)
    job_at: float = field(compare=False, default=0.0)

    def job_then(self, at_s: float) -> LongJob | None:
        """The state of the job at that time; None when it has ended."""
        if self.job is None or at_s >= self.free_at:
            return None
        left_s = None if self.job.left_s is None else self.free_at - at_s
        return replace(self.job, left_s=left_s, ran_s=self.job.ran_s + at_s - self.job_at)

    def gives_way_from(self, rules: TurnRules) -> float:
        """The time from which its job may give way."""
        if self.job is None or not rules.are_on:
            return float("inf")
        return self.job_at + rules.must_run_s(self.job.lost_s) - self.job.ran_s


@dataclass(frozen=True)
class _Song:
    """A waiting job. ``done``: the share of its time that an earlier attempt worked on it, 0 to 1.
    ``ran_s`` and ``preempted_at``: those of a job that gave way."""

    pk: Any
    created_at: datetime
    separator: str
    expected: Expected
    done: float
    ran_s: float
    preempted_at: datetime | None

    @property
    def left_s(self) -> float:
        seconds = self.expected.seconds
        return max(min(seconds - self.ran_s, seconds * (1.0 - self.done)), seconds * OVERDUE)


_Key = tuple[int, str, int, Account]
"""Rank, lane, priority and account of songs that start in the order of their age."""


class _Line:
    """The current queue; :meth:`starts` simulates it."""

    def __init__(self, now: datetime, posts: list[_Post]) -> None:
        self.learned = True
        self._now = now
        self._rules = TurnRules.of_site()
        self._estimates = Estimates({post.host for post in posts}, now)
        self._running: Counter[Account] = Counter()
        self._line = self._songs()
        accounts = {account for *_, account in self._line}
        self._last = last_started(accounts)
        self._workers = self._busy_and_free(posts)
        self._caps = Caps(owners_of(accounts | self._running.keys()))
        self._turn_until = self._time = 0.0

    def _songs(self) -> dict[_Key, deque[_Song]]:
        """The waiting jobs of each account, in their order."""
        rows = (
            Job.objects.filter(due(), lane__in=ALL)
            .order_by("-queue_rank", "-priority", "created_at")
            .values_list(*_COLUMNS)[:LOOK_AHEAD]
        )
        line: dict[_Key, deque[_Song]] = {}
        for rank, lane, priority, owner, campaign, pk, created, percent, ran, gave, *work in rows:
            key = (rank, lane, priority, (owner, campaign is not None))
            expected = self._estimates.expected(Work.of(*work))
            song = _Song(pk, created, work[0], expected, percent / 100, ran, gave)
            if rank != QueueRank.GAVE_WAY:
                # They belong to an earlier attempt.
                song = replace(song, ran_s=0.0, preempted_at=None)
            line.setdefault(key, deque()).append(song)
        return line

    def _busy_and_free(self, posts: list[_Post]) -> list[_Worker]:
        """The workers and when they become free. Jobs of dead workers occupy no worker."""
        by_name = {post.name: post for post in posts}
        idle = list(posts)
        workers: list[_Worker] = []
        for row in running_jobs():
            account = account_of(row)
            self._running[account] += 1
            post = by_name.get(row["worker"])
            if post is not None and post in idle:
                idle.remove(post)
                remaining = self._estimates.remaining(row)
                self.learned = self.learned and not remaining.is_guess
                job = self._estimates.long_job(row)
                workers.append(_Worker(remaining.seconds, len(workers), post.lanes, account, job))
        workers += [_Worker(0.0, len(workers) + n, post.lanes) for n, post in enumerate(idle)]
        heapq.heapify(workers)
        return workers

    def starts(self) -> Iterator[tuple[Any, float | None]]:
        """Each waiting job with the seconds until it starts, in the order of starts. Jobs that no
        living worker takes come last, with None, in the order in which a worker would take them."""
        while self._workers:
            worker = self._workers[0]
            if (turn := self._next_turn_before(worker.free_at)) is not None:
                yield from self._give_way(*turn)
                continue
            self._time = max(self._time, worker.free_at)
            if worker.busy_for is not None:
                self._running[worker.busy_for] -= 1
                worker.busy_for = worker.job = None
            next_turn = self._next_turn(worker.lanes)
            if next_turn is not None:
                song = self._take(next_turn, worker.free_at)
                yield song.pk, worker.free_at
                self._begin(worker, next_turn, song)
            elif not self._waits_for_an_end(worker):
                heapq.heappop(self._workers)
        while (last := self._next_turn(ALL, even_full=True)) is not None:
            yield self._take(last, 0.0).pk, None

    def _begin(self, worker: _Worker, turn: Turn, song: _Song) -> None:
        self.learned = self.learned and song.expected.learned
        went_on_at = self._now + timedelta(seconds=worker.free_at)
        worker.busy_for, worker.job_at = turn.account, worker.free_at
        worker.job = LongJob(
            turn.account,
            turn.lane,
            turn.priority,
            song.left_s if song.expected.learned and keeps_checkpoints(song.separator) else None,
            ran_s=0.0,
            lost_s=lost_s(song.preempted_at, went_on_at),
        )
        worker.free_at += song.left_s
        heapq.heapreplace(self._workers, worker)

    def _next_turn_before(
        self, at_s: float
    ) -> tuple[float, _Worker, list[tuple[_Key, _Song]]] | None:
        """The first job that gives way before ``at_s``: the time, its worker and the songs."""
        found = []
        for worker in self._workers:
            when = max(worker.gives_way_from(self._rules), self._turn_until, self._time)
            if when < at_s and (songs := self._songs_of_turn(worker, when)):
                found.append((when, worker, songs))
        return min(found, key=lambda turn: (turn[0], turn[1].number), default=None)

    def _songs_of_turn(self, worker: _Worker, at_s: float) -> list[tuple[_Key, _Song]]:
        job = worker.job_then(at_s)
        if job is None or not job.may_give_way(self._rules):
            return []
        ends = [
            other.free_at - at_s for other in self._workers if other is not worker and other.job
        ]
        waiting = [
            WaitingSong((key, song), key[3], key[1], key[2], song.expected.seconds)
            for key in self._keys_in_order(worker.lanes)
            for song in islice(self._line[key], SONGS_OF_A_PERSON)
            if song.expected.seconds <= self._rules.short_s
        ]
        chosen = songs_of_turn(
            job, waiting, self._rules, soonest_end_s=min(ends, default=float("inf"))
        )
        return [song.key for song in chosen]

    def _keys_in_order(self, lanes: Sequence[str]) -> list[_Key]:
        full = self._caps.full(self._running)
        keys = [
            (rank, lane, priority, account)
            for rank, lane, priority, account in self._line
            if lane in lanes
            and rank != QueueRank.GAVE_WAY
            and (account[1] or account[0] not in full)
        ]
        return sorted(keys, key=lambda key: (lanes.index(key[1]), self._precedence(key)))

    def _precedence(self, key: _Key) -> tuple[Any, ...]:
        rank, lane, priority, account = key
        turn = Turn(lane, priority, account, self._line[key][0].created_at, rank)
        return precedence(turn, self._running, self._last)

    def _give_way(
        self, at_s: float, worker: _Worker, songs: list[tuple[_Key, _Song]]
    ) -> Iterator[tuple[Any, float | None]]:
        """Run the songs one after the other, and then let the job go on."""
        assert worker.job is not None
        job, began = worker.job_then(at_s), at_s
        for key, song in songs:
            self._remove(key, song)
            self._last[key[3]] = self._now + timedelta(seconds=at_s)
            self.learned = self.learned and song.expected.learned
            yield song.pk, at_s
            at_s += song.expected.seconds
        worker.job = replace(job, ran_s=0.0, lost_s=at_s - began) if job else None
        worker.job_at = self._turn_until = at_s
        worker.free_at += at_s - began
        heapq.heapify(self._workers)

    def _waits_for_an_end(self, worker: _Worker) -> bool:
        """Let the worker stay idle until the next job ends, if all waiting jobs of its lanes belong
        to accounts at their caps; returns whether it waits."""
        ends = [other.free_at for other in self._workers if other.busy_for is not None]
        if not ends or self._next_turn(worker.lanes, even_full=True) is None:
            return False
        worker.free_at, worker.number = min(ends), worker.number + len(self._workers)
        heapq.heapreplace(self._workers, worker)
        return True

    def _next_turn(self, lanes: Sequence[str], *, even_full: bool = False) -> Turn | None:
        full = set() if even_full else self._caps.full(self._running)
        turns = [
            Turn(lane, priority, account, songs[0].created_at, rank)
            for (rank, lane, priority, account), songs in self._line.items()
            if lane in lanes and (account[1] or account[0] not in full)
        ]
        ahead = [turn for turn in turns if turn.rank > QueueRank.IN_LINE]
        for lane in lanes:
            if here := ahead or [turn for turn in turns if turn.lane == lane]:
                return min(here, key=lambda turn: precedence(turn, self._running, self._last))
        return None

    def _take(self, turn: Turn, at_s: float) -> _Song:
        key = (turn.rank, turn.lane, turn.priority, turn.account)
        song = self._line[key][0]
        self._remove(key, song)
        self._running[turn.account] += 1
        self._last[turn.account] = self._now + timedelta(seconds=at_s)
        return song

    def _remove(self, key: _Key, song: _Song) -> None:
        self._line[key].remove(song)
        if not self._line[key]:
            del self._line[key]


_COLUMNS = (
    *("queue_rank", "lane", "priority", "owner_id", "campaign_id"),
    *("pk", "created_at", "progress_percent", "ran_s", "preempted_at", *WORK_COLUMNS),
)
