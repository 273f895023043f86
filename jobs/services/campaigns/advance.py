"""Makes the jobs of campaigns, a few at a time, and only while nobody waits."""

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
from jobs.services.campaigns.sources import Reason, SongDecision, look_at
from jobs.services.campaigns.versions import withdraw_versions_of_nothing
from jobs.services.job.create import insert_job
from separation.errors import InvalidOptions

MOST_PORTIONS = 10
"""In one go: a campaign whose songs need nothing is soon through, and whoever calls is back at its
other work within seconds."""

_log = logging.getLogger("jobs.campaign")


def advance_campaigns() -> int:
    """Make as many jobs as there is room for; returns how many.

    Safe to run at any time, by several hosts at once, and to be killed: songs are looked at in
    portions, and the jobs of a portion are stored together with the place where the next begins.
    """
    withdraw_versions_of_nothing()
    # Asked without a lock first: most of the time there is no campaign.
    if not Campaign.objects.running().exists():
        return 0
    # Here, as importing the stages takes a moment that no transaction should last.
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
    """How many jobs may be put into the backfill lane now; none while a person's job waits."""
    if runnable([Lane.INTERACTIVE]).exists():
        return 0
    waiting = runnable([Lane.BACKFILL]).count()
    return max(0, int(settings.BACKFILL_PENDING) - waiting)


def _portion() -> tuple[int, bool]:
    """One step of the first campaign that has songs left: how many jobs were made, and whether
    there is anything left to look at."""
    with transaction.atomic():
        # All are locked, so that two hosts neither take a song twice nor fill one gap twice.
        # SQLite knows no such lock and needs none: there only one transaction writes at a time.
        for campaign in Campaign.objects.running().select_for_update():
            sources = _next_sources(campaign)
            if sources:
                return _take(campaign, sources, headroom()), True
    return 0, False


def _next_sources(campaign: Campaign) -> list[Source]:
    left = sources_of(campaign.query, before=campaign.created_at)
    if campaign.cursor is not None:
        left = left.filter(id__gt=campaign.cursor)
    return list(left.select_related("owner")[:PORTION])


def _take(campaign: Campaign, sources: list[Source], room: int) -> int:
    """Make jobs until there is no room; ``cursor`` then stands on the last song looked at."""
    made = 0
    reasons = Counter(campaign.reasons)
    for verdict in look_at(sources, query=campaign.query, choices=campaign.request):
        if made == room:
            break
        reason = verdict.reason or _make(campaign, verdict)
        if reason:
            reasons[str(reason)] += 1
        else:
            made += 1
        campaign.cursor = verdict.source.pk
    campaign.queued += made
    campaign.reasons = dict(reasons)
    campaign.skipped = reasons.total()
    campaign.save(update_fields=["cursor", "queued", "reasons", "skipped", "updated_at"])
    if made:
        _log.info("campaign %s: %s more job(s), %s in all", campaign.pk, made, campaign.queued)
    return made


def _make(campaign: Campaign, verdict: SongDecision) -> Reason | None:
    """Store the job of one song, or say why it has become impossible."""
    assert verdict.replaces is not None and verdict.request is not None
    # Locked: its owner may be deleting it this very moment.
    if not Job.objects.select_for_update().filter(pk=verdict.replaces.pk).exists():
        return Reason.NO_RESULT
    try:
        insert_job(
            owner=verdict.source.owner,
            source=verdict.source,
            request=verdict.request,
            lane=Lane.BACKFILL,
            campaign=campaign,
            replaces=verdict.replaces,
        )
    except InvalidOptions:
        return Reason.UNSUITABLE
    transaction.on_commit(lambda: put_ticket(Lane.BACKFILL), robust=True)
    return None


def _finish_campaigns() -> None:
    """A campaign is done when nothing is left to look at and each of its jobs has ended."""
    now = timezone.now()
    for campaign in Campaign.objects.running():
        if _next_sources(campaign) or Job.objects.active().filter(campaign=campaign).exists():
            continue
        ended = Campaign.objects.filter(pk=campaign.pk, status=CampaignStatus.RUNNING)
        if ended.update(status=CampaignStatus.DONE, completed_at=now, updated_at=now):
            _log.info("campaign %s: done", campaign.pk)
