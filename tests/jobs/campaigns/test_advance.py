"""How the jobs of a campaign come into the queue, and for which songs none does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from jobs.errors import JobConflict
from jobs.models import Job
from jobs.models.campaign import CampaignStatus
from jobs.models.job import JobStatus, Lane
from jobs.queue.claim import claim_next
from jobs.queue.health import queue_health
from jobs.queue.tickets import top_up
from jobs.services.campaigns import actions as campaign_module
from jobs.services.campaigns.actions import pause_campaign, resume_campaign
from jobs.services.campaigns.advance import advance_campaigns
from jobs.services.job.retry import retry_job
from jobs.services.quotas.limits import check_quota
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, make_source
from tests.jobs.campaigns.world import MP3, finish, make_song, run_all, set_versions, start


def test_a_job_is_made_beside_the_old_one_with_its_other_choices(owner: User) -> None:
    chosen = SeparationRequest(separator="spectral", two_stems="vocals", stages=("separation",))
    song = make_song(request=chosen)
    campaign = start()
    advance_campaigns()
    job = campaign.jobs.get()
    assert (job.owner, job.source, job.replaces) == (owner, song.source, song)
    assert (job.lane, job.status) == (Lane.BACKFILL, JobStatus.PENDING)
    assert job.request == {**chosen.model_dump(mode="json"), "format": "mp3"}
    assert job.stages.count() == 5
    song.refresh_from_db()
    assert song.status == JobStatus.COMPLETED


def test_another_model_starts_from_its_own_defaults(owner: User) -> None:
    chosen = SeparationRequest(separator="spectral", shifts=3, overlap=0.5, seed=7, minus=True)
    make_song(request=chosen)
    campaign = start(separator="demucs")
    advance_campaigns()
    request = campaign.jobs.get().request
    assert (request["shifts"], request["overlap"], request["seed"]) == (0, 0.25, 0)
    assert (request["separator"], request["minus"]) == ("demucs", True)


def test_jobs_come_in_small_portions(owner: User, settings: Settings) -> None:
    settings.BACKFILL_PENDING = 2
    for _ in range(5):
        make_song()
    campaign = start()
    assert (advance_campaigns(), advance_campaigns()) == (2, 0)
    finish(campaign.jobs.first())  # type: ignore[arg-type]
    assert advance_campaigns() == 1
    campaign.refresh_from_db()
    assert (campaign.total, campaign.queued, campaign.status) == (5, 3, CampaignStatus.RUNNING)


def test_none_is_made_and_none_starts_while_a_person_waits(owner: User) -> None:
    make_song()
    campaign = start()
    waiting = make_job()
    assert advance_campaigns() == 0
    Job.objects.filter(pk=waiting.pk).update(status=JobStatus.CANCELLED)
    assert advance_campaigns() == 1
    Job.objects.filter(pk=waiting.pk).update(status=JobStatus.PENDING)
    first = claim_next(worker="one")
    assert first is not None and first.campaign is None
    second = claim_next(worker="two")
    assert second is not None and second.campaign == campaign


def test_each_job_has_a_ticket(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    make_song()
    start()
    with django_capture_on_commit_callbacks(execute=True):
        advance_campaigns()
    assert OrmQ.objects.count() == 1


def test_a_campaign_ends_when_its_jobs_have(owner: User) -> None:
    songs = [make_song() for _ in range(5)]
    campaign = start()
    advance_campaigns()
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.RUNNING
    run_all(campaign)
    assert campaign.status == CampaignStatus.DONE and campaign.completed_at is not None
    assert {job.replaces for job in campaign.jobs.all()} == set(songs)
    assert (campaign.queued, campaign.skipped, campaign.looked_at) == (5, 0, 5)


def closed_account(job: Job) -> None:
    job.owner.is_active = False
    job.owner.save()


def audio_gone(job: Job) -> None:
    job.source.path.unlink()


def tracks_gone(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(audio_deleted_at=job.created_at)


def failed(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(status=JobStatus.FAILED)


def already_so(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(request={**job.request, "format": "mp3"})


def asked_by_hand(job: Job) -> None:
    wanted = SeparationRequest(separator="spectral", format="mp3")
    make_job(source=job.source, request=wanted, status=JobStatus.PROCESSING)


def other_stem(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(request={**job.request, "two_stems": "tuba"})


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (closed_account, "owner_inactive"),
        (audio_gone, "audio_deleted"),
        (tracks_gone, "audio_deleted"),
        (failed, "no_result"),
        (already_so, "same"),
        (asked_by_hand, "queued"),
        (other_stem, "unsuitable"),
    ],
)
def test_a_song_that_needs_or_may_have_none_is_counted_with_the_reason(
    owner: User, happened: Callable[[Job], Any], reason: str
) -> None:
    happened(make_song())
    campaign = start()
    assert advance_campaigns() == 0
    campaign.refresh_from_db()
    assert (campaign.reasons, campaign.skipped) == ({reason: 1}, 1)
    assert campaign.status == CampaignStatus.DONE


def test_what_auto_chose_counts_as_made_by_it(owner: User) -> None:
    make_song(request=SeparationRequest(separator="auto"))
    campaign = start(separator="spectral")
    assert advance_campaigns() == 0
    campaign.refresh_from_db()
    assert campaign.reasons == {"same": 1}


def test_what_an_older_stage_made_is_not_the_same(owner: User) -> None:
    set_versions(make_song(), separation=0)
    start(separator="spectral")
    assert advance_campaigns() == 1


@pytest.mark.parametrize("condition", ["weights_digest=old", "made_before=2999-01-01"])
def test_what_the_query_calls_old_is_made_anew(owner: User, condition: str) -> None:
    make_song()
    start(condition, separator="spectral")
    assert advance_campaigns() == 1


def test_what_was_dismissed_is_not_made_again(owner: User) -> None:
    make_song()
    campaign = start()
    advance_campaigns()
    version = finish(campaign.jobs.get())
    Job.objects.filter(pk=version.pk).update(audio_deleted_at=version.created_at)
    start("owner=owner", **MP3)
    assert advance_campaigns() == 0


def test_campaign_jobs_count_against_no_quota(owner: User, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    make_song()
    start()
    assert advance_campaigns() == 1
    check_quota(owner=owner)


def test_a_paused_campaign_makes_none_and_starts_none(owner: User, settings: Settings) -> None:
    settings.BACKFILL_PENDING = 1
    make_song()
    make_song()
    campaign = start()
    advance_campaigns()
    pause_campaign(campaign=campaign)
    pause_campaign(campaign=campaign)
    assert advance_campaigns() == 0
    assert claim_next(worker="one") is None
    assert top_up() == 0 and queue_health().pending == 0, "nobody takes the queue for stuck"
    resume_campaign(campaign=campaign)
    resume_campaign(campaign=campaign)
    assert claim_next(worker="one") is not None
    assert advance_campaigns() == 1


def test_a_job_that_is_run_again_waits_for_its_paused_campaign(owner: User) -> None:
    make_song()
    campaign = start()
    advance_campaigns()
    job = finish(campaign.jobs.get(), JobStatus.FAILED)
    pause_campaign(campaign=campaign)
    retry_job(job=job)
    assert claim_next(worker="one") is None
    resume_campaign(campaign=campaign)
    assert claim_next(worker="one") == job


def test_what_runs_is_not_stopped_by_a_pause(owner: User) -> None:
    make_song()
    campaign = start()
    advance_campaigns()
    job = claim_next(worker="one")
    assert job is not None
    pause_campaign(campaign=campaign)
    job.refresh_from_db()
    assert (job.status, job.cancel_requested) == (JobStatus.PROCESSING, False)


def test_a_campaign_that_is_done_is_neither_paused_nor_resumed(owner: User) -> None:
    campaign = start()
    advance_campaigns()
    for move in (pause_campaign, resume_campaign):
        with pytest.raises(JobConflict, match="done"):
            move(campaign=campaign)


def test_the_oldest_campaign_goes_first_and_the_next_has_its_turn(
    owner: User, settings: Settings
) -> None:
    settings.BACKFILL_PENDING = 3
    for _ in range(2):
        make_song()
    first, second = start(), start(separator="demucs")
    assert advance_campaigns() == 3
    assert (first.jobs.count(), second.jobs.count()) == (2, 1)


def test_looking_at_many_songs_that_need_none_is_soon_over(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_module, "PORTION", 2)
    monkeypatch.setattr("jobs.services.campaigns.advance.PORTION", 2)
    for _ in range(5):
        make_source()
    campaign = start()
    advance_campaigns()
    campaign.refresh_from_db()
    assert campaign.reasons == {"no_result": 5}
    assert campaign.status == CampaignStatus.DONE


def test_a_portion_takes_as_many_queries_for_many_songs_as_for_one(owner: User) -> None:
    counts = []
    for number, condition in enumerate(("duration_s<5", "duration_s<6")):
        for _ in range(1 + 5 * number):
            closed_account(make_song())
        campaign = start(condition)
        with CaptureQueriesContext(connection) as queries:
            advance_campaigns()
        counts.append(len(queries))
        campaign.refresh_from_db()
    assert campaign.skipped == 7
    assert counts[0] == counts[1]


def test_of_several_results_of_a_song_the_newest_is_replaced(owner: User) -> None:
    now = timezone.now()
    newest = make_song(completed_at=now)
    for days in (1, 2):
        make_song(source=newest.source, completed_at=now - timedelta(days=days))
    campaign = start()
    advance_campaigns()
    assert campaign.jobs.get().replaces == newest
