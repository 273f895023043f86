"""Claims one waiting job for exactly one worker, in an order that is fair to all accounts."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Case, F, Min, OuterRef, Q, Subquery, Value, When
from django.utils import timezone

from jobs.models import Job
from jobs.models.account_lock import lock_account
from jobs.models.job import HELD_UNTIL, JobQuerySet, JobStatus, QueueRank
from jobs.models.quota_rules import members
from jobs.queue import clock, heartbeats
from jobs.queue.caps import Account, Caps, owners_of
from jobs.queue.lanes import current_assignment

LONGEST_WAIT_S = 3600.0
"""No back-off lasts longer. A later end was written by a wrong clock, so the back-off counts as
over."""

PRESENT_S = 15.0
"""A worker seen within this time is alive. Rows are renewed every five seconds or more often."""

NEVER = datetime.min.replace(tzinfo=UTC)

_GAVE_WAY = Q(queue_rank=QueueRank.GAVE_WAY)


@dataclass(frozen=True)
class Turn:
    """The waiting jobs of one account with one priority and rank. ``oldest`` is the creation time
    of the job that starts first."""

    lane: str
    priority: int
    account: Account
    oldest: datetime
    rank: int = QueueRank.IN_LINE


def claim_next(
    *, worker: str, lanes: Sequence[str] | None = None, token: uuid.UUID | None = None
) -> Job | None:
    """Claim the job that runs next; returns None when no job can run.

    ``lanes``: the lanes to take jobs from, most important first; by default this worker's lanes.
    ``token``: the token of the new lease.
    """
    token = token or uuid.uuid4()
    for turn in _turns(current_assignment().lanes if lanes is None else lanes, worker):
        job = _claim_one_of(turn, worker, token)
        if job is not None:
            return job
    return None


def _turns(lanes: Sequence[str], worker: str) -> Iterator[Turn]:
    """Yield songs that have a turn, then jobs that gave way, then all others, lane by lane."""
    ahead = Job.objects.filter(due(), queue_rank__gt=QueueRank.IN_LINE, lane__in=lanes)
    if ahead.exists():
        yield from _in_order(runnable(lanes).filter(_open_to(worker), queue_rank__gt=0))
    for lane in lanes:
        yield from fair_order(lane)


def _open_to(worker: str) -> Q:
    """The filter for jobs that ``worker`` may take.

    A job that gave way goes on with its own worker, which has the device and the model of the
    checkpoint. Another worker takes it only when that worker is gone or is held up.
    """
    patience_s = 2 * settings.TURN_SHORT_S + settings.LEASE_S
    given_up = timezone.now() - timedelta(seconds=patience_s)
    open_to_all = ~_GAVE_WAY | Q(preempted_at__lt=given_up)
    present = heartbeats.seen_within(PRESENT_S).values("name")
    return open_to_all | Q(worker=worker[:128]) | ~Q(worker__in=present)


def claim(*, pk: uuid.UUID, token: uuid.UUID, worker: str) -> bool:
    """Make ``token`` the holder by one conditional update; returns False when another worker was
    faster."""
    now = timezone.now()
    taken = Job.objects.filter(due(), pk=pk)
    return bool(
        taken.update(
            status=JobStatus.PROCESSING,
            attempt=F("attempt") + 1,
            lease_token=token,
            lease_until=clock.now() + timedelta(seconds=settings.LEASE_S),
            worker=worker[:128],
            started_at=now,
            not_before=None,
            queue_rank=QueueRank.IN_LINE,
            # Both describe an attempt that gave way, and no other.
            preempted_at=Case(When(_GAVE_WAY, then=F("preempted_at")), default=None),
            ran_s=Case(When(_GAVE_WAY, then=F("ran_s")), default=0.0),
            progress_message=Case(When(_GAVE_WAY, Value("Going on")), default=Value("Starting")),
            error_code="",
            error_detail="",
            warnings=[],
            updated_at=now,
        )
    )


def due() -> Q:
    """The filter for jobs that wait and whose back-off is over."""
    now = timezone.now()
    waits = Q(not_before__gt=now) & Q(not_before__lte=now + timedelta(seconds=LONGEST_WAIT_S))
    waits |= Q(not_before=HELD_UNTIL)
    return Q(status=JobStatus.PENDING) & (Q(not_before=None) | ~waits)


def runnable(lanes: Iterable[str]) -> JobQuerySet:
    """The jobs of ``lanes`` that a free worker could take now: they are due, and the owner and
    each group of the owner are below their caps on running jobs."""
    jobs = Job.objects.filter(due(), lane__in=tuple(lanes))
    running = running_of_accounts()
    owners = owners_of(running)
    if not owners:
        return jobs
    caps = Caps(owners)
    if full := caps.full_owners(running):
        jobs = jobs.exclude(owner__in=full, campaign=None)
    if groups := caps.full_groups(running):
        jobs = jobs.exclude(owner__in=members(groups), campaign=None)
    return jobs


def fair_order(lane: str) -> list[Turn]:
    """The turns in the order in which they start; see :func:`precedence`.

    The query returns one row for each account, not one for each job, so that a queue of thousands
    costs no more.
    """
    return _in_order(runnable([lane]).filter(queue_rank=QueueRank.IN_LINE))


def _in_order(jobs: JobQuerySet) -> list[Turn]:
    found = (
        jobs.order_by()
        .values_list("lane", "priority", "owner_id", "campaign_id", "queue_rank")
        .annotate(oldest=Min("created_at"))
    )
    turns = [
        Turn(lane, priority, (owner, campaign is not None), oldest, rank)
        for lane, priority, owner, campaign, rank, oldest in found
    ]
    running, last = running_of_accounts(), last_started({turn.account for turn in turns})
    return sorted(turns, key=lambda turn: precedence(turn, running, last))


def precedence(
    turn: Turn, running: Counter[Account], last: Mapping[Account, datetime]
) -> tuple[int, int, int, datetime, datetime]:
    """The sort key of turns, least first: higher rank, then higher priority, then fewer running
    jobs of the account, then the account whose last start is longest ago, then the oldest job.

    Claims and forecasts both use it.
    """
    account = turn.account
    return -turn.rank, -turn.priority, running[account], last[account], turn.oldest


def running_of_accounts() -> Counter[Account]:
    rows = Job.objects.filter(status=JobStatus.PROCESSING).values_list("owner_id", "campaign_id")
    return Counter((owner, campaign is not None) for owner, campaign in rows)


def last_started(accounts: set[Account]) -> dict[Account, datetime]:
    found: dict[Account, datetime] = {}
    for campaign in (False, True):
        owners = [owner for owner, is_campaign in accounts if is_campaign is campaign]
        if not owners:
            continue
        started = Job.objects.filter(
            owner=OuterRef("pk"), started_at__isnull=False, campaign__isnull=not campaign
        ).order_by("-started_at")
        users = get_user_model().objects.filter(pk__in=owners)
        newest = users.annotate(newest=Subquery(started.values("started_at")[:1]))
        for owner, last in newest.values_list("pk", "newest"):
            found[owner, campaign] = last or NEVER
    return found


def _may_start(owner: int) -> bool:
    """Whether a further job of ``owner`` may start. Call it in the transaction that claims.

    Until that transaction ends, no other worker starts a job of this owner, or of a capped group
    of the owner, so that counting and claiming are one step. A transaction locks one account only,
    so no deadlock is possible.
    """
    if not Caps({owner}).apply_to(owner):
        return True
    lock_account(owner, closed_too=True)
    running = running_of_accounts()
    return owner not in Caps({owner, *owners_of(running)}).full(running)


def _claim_one_of(turn: Turn, worker: str, token: uuid.UUID) -> Job | None:
    owner, campaign = turn.account
    with transaction.atomic():
        if not campaign and not _may_start(owner):
            return None
        jobs = Job.objects.filter(
            due(),
            _open_to(worker) if turn.rank == QueueRank.GAVE_WAY else Q(),
            queue_rank=turn.rank,
            lane=turn.lane,
            priority=turn.priority,
            owner=owner,
            campaign__isnull=not campaign,
        ).order_by("created_at")
        if connection.features.has_select_for_update_skip_locked:
            jobs = jobs.select_for_update(skip_locked=True, of=("self",))
        pk = jobs.values_list("pk", flat=True).first()
        if pk is None or not claim(pk=pk, token=token, worker=worker):
            return None
        return Job.objects.select_related("source").get(lease_token=token)
