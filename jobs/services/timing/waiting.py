"""The position of a waiting job, and its expected start.

The module simulates the queue: whenever a worker becomes free, the next turn starts, by the same
rule as in claims. So the result takes into account that later jobs may start earlier: an account
with one song goes before an account with a hundred.
"""

import heapq
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from jobs.models import Job
from jobs.models.job import HELD_UNTIL, JobStatus
from jobs.queue.caps import Account, Caps, owners_of
from jobs.queue.claim import Turn, due, last_started, precedence
from jobs.queue.heartbeats import alive
from jobs.queue.lanes import ALL
from jobs.services.timing.progress import about, coarse_s
from jobs.services.timing.speed import Speeds, Work

LOOK_AHEAD = 1000
"""The maximum of waiting jobs in the simulation, oldest first. Jobs behind them wait for hours, and
an estimate would be a guess."""

OVERDUE = 0.1
"""A job that exceeds its expected time is assumed to need this share of that time still."""

EARLY = 0.2
"""During this first share of its expected time, the runner's estimate is less reliable than learned
speeds."""

NO_WORKER = "No worker is running"


@dataclass(frozen=True)
class Waiting:
    """The state of a waiting job. ``position``: 1 is next; None where it is unknown.
    ``starts_in_s``: None while no worker serves it. ``learned``: the estimate needed no default
    speed. ``pausing``: the job is not in line, after a failed attempt or in a paused campaign."""

    position: int | None
    starts_in_s: float | None
    workers: int
    learned: bool = True
    pausing: bool = False

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
        if self.starts_in_s is None:
            return "starts when a worker for it is free"
        if self.starts_in_s < 5.0:
            return "starts in a moment"
        return f"starts {'in about' if self.learned else 'within'} {about(self.starts_in_s)}"


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
            return Waiting(position, soon, len(posts), line.learned)
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
    job it then ends."""

    free_at: float
    number: int
    lanes: tuple[str, ...] = field(compare=False)
    busy_for: Account | None = field(compare=False, default=None)


@dataclass(frozen=True)
class _Song:
    pk: Any
    created_at: datetime
    work: Work


class _Line:
    """The current queue; :meth:`starts` simulates it."""

    def __init__(self, now: datetime, posts: list[_Post]) -> None:
        self.learned = True
        self._now = now
        self._hosts = {post.host for post in posts}
        self._speeds = Speeds.load()
        self._running: Counter[Account] = Counter()
        self._line = self._songs()
        accounts = {account for _, _, account in self._line}
        self._last = last_started(accounts)
        self._workers = self._busy_and_free(posts)
        self._caps = Caps(owners_of(accounts | self._running.keys()))

    def _songs(self) -> dict[tuple[str, int, Account], deque[_Song]]:
        """The waiting jobs of each account, in their order."""
        rows = (
            Job.objects.filter(due(), lane__in=ALL)
            .order_by("-priority", "created_at")
            .values_list("pk", "lane", "priority", "owner_id", "campaign_id", "created_at", *_WORK)[
                :LOOK_AHEAD
            ]
        )
        line: dict[tuple[str, int, Account], deque[_Song]] = {}
        for pk, lane, priority, owner, campaign, created_at, *work in rows:
            key = (lane, priority, (owner, campaign is not None))
            line.setdefault(key, deque()).append(_Song(pk, created_at, Work.of(*work)))
        return line

    def _busy_and_free(self, posts: list[_Post]) -> list[_Worker]:
        """The workers and when they become free. Jobs of dead workers occupy no worker."""
        by_name = {post.name: post for post in posts}
        idle = list(posts)
        workers: list[_Worker] = []
        for row in _running_rows():
            account = (row["owner_id"], row["campaign_id"] is not None)
            self._running[account] += 1
            post = by_name.get(row["worker"])
            if post is not None and post in idle:
                idle.remove(post)
                free_at = self._remaining_s(row)
                workers.append(_Worker(free_at, len(workers), post.lanes, account))
        workers += [_Worker(0.0, len(workers) + n, post.lanes) for n, post in enumerate(idle)]
        heapq.heapify(workers)
        return workers

    def _remaining_s(self, row: dict[str, Any]) -> float:
        """The larger of the runner's estimate and the learned one, as the runner has no better
        estimate of later stages. At the beginning the learned one counts alone, as the runner's is
        then based on a second or two."""
        expected = self._speeds.expect(Work.of(*(row[n] for n in _WORK)), hosts=self._hosts)
        elapsed_s = (self._now - (row["started_at"] or self._now)).total_seconds()
        left_s = expected.seconds - elapsed_s
        early = expected.learned and elapsed_s < EARLY * expected.seconds
        if row["eta_s"] is not None and not early:
            return max(float(row["eta_s"]), left_s if expected.learned else 0.0)
        self.learned = self.learned and expected.learned
        return max(left_s, expected.seconds * OVERDUE)

    def _expected_s(self, work: Work) -> float:
        expected = self._speeds.expect(work, hosts=self._hosts)
        self.learned = self.learned and expected.learned
        return expected.seconds

    def starts(self) -> Iterator[tuple[Any, float | None]]:
        """Each waiting job with the seconds until it starts, in the order of starts. Jobs that no
        living worker takes come last, with None, in the order in which a worker would take them."""
        while self._workers:
            worker = self._workers[0]
            if worker.busy_for is not None:
                self._running[worker.busy_for] -= 1
                worker.busy_for = None
            turn = self._next_turn(worker.lanes)
            if turn is not None:
                song = self._take(turn, worker.free_at)
                yield song.pk, worker.free_at
                worker.busy_for = turn.account
                worker.free_at += self._expected_s(song.work)
                heapq.heapreplace(self._workers, worker)
            elif not self._waits_for_an_end(worker):
                heapq.heappop(self._workers)
        while (turn := self._next_turn(ALL, even_full=True)) is not None:
            yield self._take(turn, 0.0).pk, None

    def _waits_for_an_end(self, worker: _Worker) -> bool:
        """Let the worker stay idle until the next job ends, if all waiting jobs of its lanes belong
        to accounts at their caps; returns whether it waits."""
        ends = [other.free_at for other in self._workers if other.busy_for is not None]
        if not ends or self._next_turn(worker.lanes, even_full=True) is None:
            return False
        worker.free_at, worker.number = min(ends), worker.number + len(self._workers)
        heapq.heapreplace(self._workers, worker)
        return True

    def _next_turn(self, lanes: Iterable[str], *, even_full: bool = False) -> Turn | None:
        full = set() if even_full else self._caps.full(self._running)
        for lane in lanes:
            turns = [
                Turn(lane, priority, account, songs[0].created_at)
                for (where, priority, account), songs in self._line.items()
                if where == lane and (account[1] or account[0] not in full)
            ]
            if turns:
                return min(turns, key=lambda turn: precedence(turn, self._running, self._last))
        return None

    def _take(self, turn: Turn, at_s: float) -> _Song:
        key = (turn.lane, turn.priority, turn.account)
        song = self._line[key].popleft()
        if not self._line[key]:
            del self._line[key]
        self._running[turn.account] += 1
        self._last[turn.account] = self._now + timedelta(seconds=at_s)
        return song


_WORK = ("separator", "model_name", "source__duration_s", "pipeline")
"""The columns of :meth:`Work.of`."""


def _running_rows() -> list[dict[str, Any]]:
    running = Job.objects.filter(status=JobStatus.PROCESSING).order_by("started_at")
    return list(running.values("owner_id", "campaign_id", "worker", "started_at", "eta_s", *_WORK))
