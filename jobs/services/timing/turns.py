"""The waiting songs for which a running job gives way, by the rule of
:mod:`jobs.queue.preemption`."""

import socket
from typing import Any
from uuid import UUID

from django.utils import timezone

from jobs.models import Job
from jobs.models.job import QueueRank
from jobs.queue.claim import due, fair_order, runnable
from jobs.queue.heartbeats import alive
from jobs.queue.lanes import ALL, current_assignment
from jobs.queue.preemption import TurnRules, WaitingSong, songs_of_turn
from jobs.services.timing.remaining import (
    WORK_COLUMNS,
    Estimates,
    account_of,
    running_jobs,
    work_of,
)

LOOK_AHEAD = 1000
"""The maximum of waiting jobs that are considered, oldest first."""


def songs_before(job: Job, *, ran_s: float) -> list[UUID]:
    """The ids of the songs for which ``job``, which this worker runs, gives way now; mostly empty.
    ``ran_s``: seconds since the job started or went on."""
    rules = TurnRules.of_site()
    if not rules.are_on or ran_s < rules.min_s:
        return []
    lanes = _lanes_without_help(job)
    waiting = runnable(lanes).exclude(queue_rank=QueueRank.GAVE_WAY)
    waiting = waiting.exclude(owner=job.owner_id, campaign__isnull=job.campaign_id is None)
    if not lanes or not waiting.exists() or _somebody_gave_way(lanes):
        return []
    hosts = {socket.gethostname(), *alive().values_list("host", flat=True)}
    estimates = Estimates(hosts, timezone.now())
    running = {row["pk"]: row for row in running_jobs()}
    mine = running.pop(job.pk, None)
    if mine is None:
        return []
    ends = [estimates.remaining(row).seconds for row in running.values() if row["lane"] in lanes]
    chosen = songs_of_turn(
        estimates.long_job(mine, ran_s=ran_s),
        _in_order(waiting, lanes, estimates),
        rules,
        soonest_end_s=min(ends, default=float("inf")),
    )
    return [song.key for song in chosen]


def _lanes_without_help(job: Job) -> list[str]:
    """The lanes of this worker whose songs may go before ``job``, except lanes that a free worker
    serves."""
    before = ALL[: ALL.index(job.lane) + 1]
    free = alive().filter(job=None).values_list("lanes", flat=True)
    helped = {lane for lanes in free for lane in lanes or ALL}
    return [lane for lane in before if lane in current_assignment().lanes and lane not in helped]


def _somebody_gave_way(lanes: list[str]) -> bool:
    """Whether a job of these lanes has given way. Only one job does at a time: several may be on
    the way to their checkpoints, and the first to get there makes room for all songs."""
    gave_way = Job.objects.filter(due(), queue_rank=QueueRank.GAVE_WAY, lane__in=lanes)
    return gave_way.exists()


def _in_order(waiting: Any, lanes: list[str], estimates: Estimates) -> list[WaitingSong[UUID]]:
    """The songs in the order of claims."""
    order = [(t.lane, t.priority, t.account) for lane in lanes for t in fair_order(lane)]
    places = {turn: place for place, turn in enumerate(order)}
    rows = waiting.order_by("-queue_rank", "-priority", "created_at").values(
        "pk", "owner_id", "campaign_id", "lane", "priority", *WORK_COLUMNS
    )[:LOOK_AHEAD]
    songs = [
        WaitingSong(
            row["pk"],
            account_of(row),
            row["lane"],
            row["priority"],
            estimates.expected(work_of(row)).seconds,
        )
        for row in rows
    ]
    # Songs that already have a turn are not part of the order, and come first.
    return sorted(songs, key=lambda s: places.get((s.lane, s.priority, s.account), -1))
