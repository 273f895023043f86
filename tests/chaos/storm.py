"""Kills at random while jobs run, and what there is to say about it afterwards."""

import dataclasses
import random
import signal
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from tests.chaos.processes import Role, hit
from tests.chaos.site import ENDED, RESUME_S, ChaosSite, Cluster

SINGLE = (Role.RUNNER, Role.WORKER, Role.SENTINEL, Role.CLUSTER, Role.MAIN, Role.HELPER)
EVERYTHING = "everything"
PATIENCE_S = 15.0
KINDS: tuple[str, ...] = (*(role.value for role in SINGLE), EVERYTHING)


@dataclass(frozen=True)
class Kill:
    """One SIGKILL, or one to everything of a cluster at once. It counts only when it hit a living
    process; ``running``: the jobs just before or after it, with their stage, as one may be claimed
    while somebody looks."""

    kind: str
    at: float
    hit: tuple[str, ...]
    running: tuple[dict[str, Any], ...]


def kill(site: ChaosSite, cluster: Cluster, kind: str, draw: random.Random) -> Kill | None:
    """None when there was nothing of the kind."""
    before = site.running()
    at = time.time()
    if kind == EVERYTHING:
        roles = tuple(cluster.signal_all(signal.SIGKILL))
    else:
        victims = cluster.of_role(Role(kind))
        if not victims or not hit(draw.choice(victims), signal.SIGKILL):
            return None
        roles = (Role(kind),)
    running = {job["id"]: job for job in (*site.running(), *before)}
    struck = tuple(str(role) for role in roles)
    return Kill(kind, at, struck, tuple(running.values())) if roles else None


class Storm:
    """Spreads ``kills`` over the time until all jobs have ended."""

    def __init__(
        self, site: ChaosSite, seed: int, *, jobs: int, kills: int, before: int = 0
    ) -> None:
        """``before``: how many of the jobs have ended already."""
        self._site = site
        self._draw = random.Random(seed)
        self._jobs = jobs
        self._before = before
        self._wanted = self._order(kills)
        self.kills: list[Kill] = []

    def _order(self, kills: int) -> list[str]:
        """Each kind about as often, in an order that only the seed knows."""
        kinds = [KINDS[number % len(KINDS)] for number in range(kills)]
        self._draw.shuffle(kinds)
        return kinds

    def rage(self, within_s: float) -> None:
        """Returns when every job has ended."""
        deadline = time.monotonic() + within_s
        last = time.monotonic()
        while True:
            jobs = self._site.call("look")
            ended = sum(job["status"] in ENDED for job in jobs)
            if ended == self._jobs:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"{ended} of {self._jobs} jobs ended\n{self._site.story()}")
            if self._is_time(ended, time.monotonic() - last) and self._strike():
                last = time.monotonic()
            time.sleep(self._draw.uniform(0.02, 0.4))

    def _is_time(self, ended: int, quiet_s: float) -> bool:
        """As soon as more of the jobs have ended than of the kills are done, so that no job is
        without a chance to be hit; and a queue that is slow to come back is not spared for long."""
        if len(self.kills) == len(self._wanted):
            return False
        due = 1.25 * (ended - self._before) / (self._jobs - self._before)
        return due >= len(self.kills) / len(self._wanted) or quiet_s > PATIENCE_S

    def _strike(self) -> bool:
        if not any(job["status"] == "processing" for job in self._site.call("look")):
            return False
        cluster = self._draw.choice(self._site.clusters)
        done = kill(self._site, cluster, self._wanted[len(self.kills)], self._draw)
        if done is not None:
            self.kills.append(done)
        return done is not None


@dataclass(frozen=True)
class Tally:
    """The counts of a run. ``lost``: jobs without an end; ``doubled``: that ended or were claimed
    twice; ``gave_up``: failed as worker_lost, each of which was hit in all its attempts."""

    jobs: int
    completed: int
    gave_up: int
    failed_otherwise: int
    lost: int
    doubled: int
    attempts: int
    kills: int
    processes_hit: int
    kills_by_kind: dict[str, int]
    jobs_hit_by_stage: dict[str, int]
    longest_resume_s: float
    faults: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def tally(site: ChaosSite, kills: list[Kill]) -> Tally:
    """Call it once nothing works any more."""
    jobs = site.call("look")
    faults = site.faults()
    moves = _by_job(site.call("moves"))
    resumes = [each for job in jobs for each in _resumes(moves[_hex(job["id"])], job["id"], kills)]
    late = [
        f"job {job_id}: taken up {s:.0f} s after a kill" for job_id, s in resumes if s > RESUME_S
    ]
    gave_up = [job for job in jobs if job["error"] == "worker_lost"]
    unasked = [
        f"job {job['id']}: gave up after {_hits(job['id'], kills)} kills"
        for job in gave_up
        if _hits(job["id"], kills) < job["attempt"]
    ]
    failed = [job for job in jobs if job["status"] == "failed" and job not in gave_up]
    return Tally(
        jobs=len(jobs),
        completed=sum(job["status"] == "completed" for job in jobs),
        gave_up=len(gave_up),
        failed_otherwise=len(failed),
        lost=sum(job["status"] not in ENDED for job in jobs),
        doubled=sum("ended " in fault or "claimed while" in fault for fault in faults),
        attempts=sum(job["attempt"] for job in jobs),
        kills=len(kills),
        processes_hit=sum(len(each.hit) for each in kills),
        kills_by_kind=dict(Counter(each.kind for each in kills)),
        jobs_hit_by_stage=dict(
            Counter(job["stage"] or "starting" for each in kills for job in each.running)
        ),
        longest_resume_s=round(max((s for _, s in resumes), default=0.0), 1),
        faults=(*faults, *late, *unasked, *(f"failed: {job}" for job in failed)),
    )


def _hex(job_id: str) -> str:
    return job_id.replace("-", "")


def _by_job(moves: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for move in moves:
        found[move["job"]].append(move)
    return found


def _hits(job_id: str, kills: list[Kill]) -> int:
    """How many kills came while the job ran, whether or not they hit what it ran in."""
    return sum(any(job["id"] == job_id for job in each.running) for each in kills)


def _resumes(
    moves: list[dict[str, Any]], job_id: str, kills: list[Kill]
) -> list[tuple[str, float]]:
    """From the last kill that came while the job ran to its next claim, or to its end.

    A kill that struck while the job waited for its next claim starts the clock anew: it took away
    those who would have claimed it.
    """
    running = [k.at for k in kills if any(job["id"] == job_id for job in k.running)]
    found = []
    for at in running:
        going_on = [m["at"] for m in moves if m["at"] > at and m["after"] != "pending"]
        if going_on:
            last = max(k.at for k in kills if at <= k.at < going_on[0])
            found.append((job_id, going_on[0] - last))
    return found
