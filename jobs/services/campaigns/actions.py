"""Plans, starts, pauses and resumes campaigns, which separate existing songs again."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from jobs.errors import JobConflict
from jobs.models import Campaign, Job, Source
from jobs.models.campaign import CampaignStatus
from jobs.models.job import HELD_UNTIL, JobStatus
from jobs.services.campaigns.query import Query, parse_conditions, sources_of
from jobs.services.campaigns.sources import SongDecision, decide_songs
from jobs.services.job.request_validation import check_request
from jobs.services.timing.speed import Speeds, Work
from separation.errors import InvalidOptions
from separation.request.separation_request import parse_request

PORTION = 100
"""How many songs are checked at once, with a few queries and in well under a second."""


@dataclass(frozen=True)
class CampaignPlan:
    """``options``: the options of the new versions; ``query``: the songs that get one."""

    options: dict[str, Any]
    query: Query

    @property
    def key(self) -> str:
        text = json.dumps([self.options, self.query], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Estimate:
    """What a campaign would do now. ``expected_s``: the time of one worker, None where such work
    was not measured yet."""

    sources: int
    jobs: int
    reasons: dict[str, int]
    audio_s: float
    expected_s: float | None


def plan_campaign(*, options: Mapping[str, Any], conditions: Iterable[str]) -> CampaignPlan:
    """Build a plan. Raises ``InvalidOptions`` for options or conditions that could only fail
    later."""
    request = parse_request(dict(options))
    check_request(request=request)
    named = request.model_dump(mode="json", include=set(options) | {"separator", "model"})
    return CampaignPlan(named, parse_conditions(conditions))


def estimate(plan: CampaignPlan) -> Estimate:
    """Check every song of the plan; changes nothing."""
    reasons: Counter[str] = Counter()
    speeds = Speeds.load()
    sources, jobs, audio_s, expected_s, learned = 0, 0, 0.0, 0.0, True
    for decision in _decisions(plan):
        sources += 1
        if decision.request is None:
            reasons[str(decision.reason)] += 1
            continue
        expected = speeds.expect(_work(decision))
        jobs += 1
        audio_s += decision.source.duration_s
        expected_s += expected.seconds
        learned = learned and expected.learned
    return Estimate(sources, jobs, dict(reasons), audio_s, expected_s if learned else None)


def _decisions(plan: CampaignPlan) -> Iterator[SongDecision]:
    for portion in _portions(plan.query, before=timezone.now()):
        yield from decide_songs(portion, query=plan.query, options=plan.options)


def _portions(query: Query, *, before: datetime) -> Iterator[list[Source]]:
    found = sources_of(query, before=before).select_related("owner")
    portion = list(found[:PORTION])
    while portion:
        yield portion
        portion = list(found.filter(id__gt=portion[-1].pk)[:PORTION])


def _work(decision: SongDecision) -> Work:
    assert decision.request is not None
    request = decision.request
    pipeline = [stage.model_dump(mode="json") for stage in request.to_pipeline()]
    return Work.of(request.separator, request.model or "", decision.source.duration_s, pipeline)


def start_campaign(*, plan: CampaignPlan) -> tuple[Campaign, bool]:
    """The campaign of this plan, and whether it is new. The same plan never starts twice."""
    with transaction.atomic():
        campaign, is_new = Campaign.objects.get_or_create(
            key=plan.key,
            defaults={
                "separator": plan.options["separator"],
                "model_name": plan.options["model"] or "",
                "request": plan.options,
                "query": plan.query,
            },
        )
        if is_new:
            campaign.total = sources_of(plan.query, before=campaign.created_at).count()
            campaign.save(update_fields=["total"])
    return campaign, is_new


def find_campaign(text: str) -> Campaign:
    """The campaign whose id begins with ``text``. Raises ``InvalidOptions`` unless exactly one
    does."""
    start = text.strip().replace("-", "").lower()
    found = [each for each in Campaign.objects.all() if start and each.pk.hex.startswith(start)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidOptions(f"Several campaigns begin with {text!r}; write more of the id.")
    raise InvalidOptions(f"There is no campaign {text!r}; `reprocess --list` shows all of them.")


def pause_campaign(*, campaign: Campaign) -> Campaign:
    """Create no further job and start no waiting one; running jobs continue.

    Safe to repeat. Raises ``JobConflict`` once the campaign is done.
    """
    _move(campaign, CampaignStatus.RUNNING, CampaignStatus.PAUSED, HELD_UNTIL)
    return campaign


def resume_campaign(*, campaign: Campaign) -> Campaign:
    """Continue a paused campaign. Safe to repeat. Raises ``JobConflict`` once it is done."""
    _move(campaign, CampaignStatus.PAUSED, CampaignStatus.RUNNING, None)
    return campaign


def _move(campaign: Campaign, before: str, after: str, not_before: datetime | None) -> None:
    now = timezone.now()
    with transaction.atomic():
        moving = Campaign.objects.filter(pk=campaign.pk, status=before)
        if moving.update(status=after, updated_at=now):
            waiting = Job.objects.offered().filter(campaign=campaign, status=JobStatus.PENDING)
            waiting.update(not_before=not_before, updated_at=now)
    campaign.refresh_from_db()
    if campaign.status != after:
        raise JobConflict("The campaign is done: all of its songs were looked at.")
