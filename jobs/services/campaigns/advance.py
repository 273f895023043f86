"""Creates the jobs of campaigns, a few at a time, and only while no person's job waits."""

import logging
from collections import Counter

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs.models import Campaign, Job, Source
from jobs.models.campaign import CampaignStatus
from jobs.models.job import Lane
from jobs.queue.claim import runnable
from jobs.queue.tickets import put_ticket
from jobs.services.campaigns.actions import PORTION
from jobs.services.campaigns.query import current_versions, sources_of
from jobs.services.campaigns.sources import Reason, SongDecision, decide_songs
from jobs.services.campaigns.versions import withdraw_stale_versions
from jobs.services.job.create import insert_job
from separation.errors import InvalidOptions

MOST_PORTIONS = 10
"""The maximum in one call. A campaign whose songs need no job ends soon, and the caller can
continue with its other work within seconds."""

_log = logging.getLogger("jobs.campaign")


def advance_campaigns() -> int:
    """Create jobs until the backfill lane is full; returns how many.

    Safe to run at any time and by several hosts at once, and safe to kill: songs are checked in
    portions, and one transaction stores the jobs of a portion and the new cursor.
    """
    withdraw_stale_versions()
    # Checked without a lock first, as most of the time there is no campaign.
    if not Campaign.objects.running().exists():
        return 0
    # Called here to import the stages, which takes too long for a transaction.
    current_versions()
    made, more = 0, True
    for _ in range(MOST_PORTIONS):
        if not (more and headroom()):
            break
        jobs, more = _portion()
        made += jobs
    _finish_campaigns()
    return made


def headroom() -> int:
    """How many jobs may be added to the backfill lane now; 0 while a person's job waits."""
    if runnable([Lane.INTERACTIVE]).exists():
        return 0
    waiting = runnable([Lane.BACKFILL]).count()
    return max(0, int(settings.BACKFILL_PENDING) - waiting)


def _portion() -> tuple[int, bool]:
    """Advance the first campaign that has songs left by one portion. Returns the number of new
    jobs, and whether there was a portion to check."""
    with transaction.atomic():
        # All campaigns are locked, so that two hosts neither take a song twice nor fill the same
        # place twice. SQLite has no such lock and needs none, as it allows one writer at a time.
        for campaign in Campaign.objects.running().select_for_update():
            sources = _next_sources(campaign)
            if sources:
                return _take(campaign, sources, headroom()), True
    return 0, False


def _next_sources(campaign: Campaign) -> list[Source]:
    remaining = sources_of(campaign.query, before=campaign.created_at)
    if campaign.cursor is not None:
        remaining = remaining.filter(id__gt=campaign.cursor)
    return list(remaining.select_related("owner")[:PORTION])


def _take(campaign: Campaign, sources: list[Source], room: int) -> int:
    """Create up to ``room`` jobs, and set ``cursor`` to the last song that was checked."""
    made = 0
    reasons = Counter(campaign.reasons)
    for decision in decide_songs(sources, query=campaign.query, options=campaign.request):
        if made == room:
            break
        reason = decision.reason or _make(campaign, decision)
        if reason:
            reasons[str(reason)] += 1
        else:
            made += 1
        campaign.cursor = decision.source.pk
    campaign.queued += made
    campaign.reasons = dict(reasons)
    campaign.skipped = reasons.total()
    campaign.save(update_fields=["cursor", "queued", "reasons", "skipped", "updated_at"])
    if made:
        _log.info("campaign %s: %s more job(s), %s in all", campaign.pk, made, campaign.queued)
    return made


def _make(campaign: Campaign, decision: SongDecision) -> Reason | None:
    """Store the job of one song; returns None, or the reason why it has become impossible."""
    assert decision.replaces is not None and decision.request is not None
    # Locked, as its owner may be deleting it.
    if not Job.objects.select_for_update().filter(pk=decision.replaces.pk).exists():
        return Reason.NO_RESULT
    try:
        insert_job(
            owner=decision.source.owner,
            source=decision.source,
            request=decision.request,
            lane=Lane.BACKFILL,
            campaign=campaign,
            replaces=decision.replaces,
        )
    except InvalidOptions:
        return Reason.UNSUITABLE
    transaction.on_commit(lambda: put_ticket(Lane.BACKFILL), robust=True)
    return None


def _finish_campaigns() -> None:
    """Mark the campaigns as done whose songs are all checked and whose jobs have all ended."""
    now = timezone.now()
    for campaign in Campaign.objects.running():
        if _next_sources(campaign) or Job.objects.active().filter(campaign=campaign).exists():
            continue
        ended = Campaign.objects.filter(pk=campaign.pk, status=CampaignStatus.RUNNING)
        if ended.update(status=CampaignStatus.DONE, completed_at=now, updated_at=now):
            _log.info("campaign %s: done", campaign.pk)
