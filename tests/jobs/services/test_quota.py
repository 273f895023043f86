from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import AudioUse, Campaign, Job
from jobs.queue.claim import claim_next
from jobs.queue.lease import Lease
from jobs.services.job.cancel import cancel_job
from jobs.services.job.create import create_job, insert_job
from jobs.services.job.retry import retry_job
from jobs.services.quotas.limits import check_quota
from jobs.worker.outcome import fail
from separation.errors import QuotaExceeded, WorkerLost
from separation.request.separation_request import SeparationRequest
from tests.factories import make_group, make_job, make_source, set_quota

SPECTRAL = SeparationRequest(separator="spectral")


def submit(owner: User, minutes: float) -> Job:
    source = make_source(owner=owner, duration_s=minutes * 60)
    return create_job(owner=owner, source=source, request=SPECTRAL)


def test_minutes_of_the_day_run_out_and_the_refusal_says_what_is_left(
    owner: User, stranger: User, settings: Settings
) -> None:
    settings.MAX_AUDIO_MINUTES_PER_DAY = 10
    submit(owner, 6.5)
    with pytest.raises(QuotaExceeded, match=r"lasts 4\.0 minutes.* 3\.5 of them are left"):
        submit(owner, 4.0)
    assert Job.objects.count() == 1
    submit(owner, 3.5)
    submit(stranger, 9.0)


def test_a_song_longer_than_a_day_allows_is_told_so(owner: User, settings: Settings) -> None:
    settings.MAX_AUDIO_MINUTES_PER_DAY = 10
    with pytest.raises(QuotaExceeded, match=r"at most 10 minutes.*Cut the song"):
        submit(owner, 11.0)


def test_minutes_come_back_after_a_day(owner: User, settings: Settings) -> None:
    settings.MAX_AUDIO_MINUTES_PER_DAY = 10
    submit(owner, 10.0)
    AudioUse.objects.update(used_at=timezone.now() - timedelta(hours=23, minutes=59))
    with pytest.raises(QuotaExceeded):
        submit(owner, 10.0)
    AudioUse.objects.update(used_at=timezone.now() - timedelta(hours=24, seconds=1))
    submit(owner, 10.0)


def test_deleting_jobs_brings_no_minutes_back(owner: User, settings: Settings) -> None:
    settings.MAX_AUDIO_MINUTES_PER_DAY = 10
    submit(owner, 10.0)
    Job.objects.all().delete()
    with pytest.raises(QuotaExceeded, match=r"0\.0 of them are left"):
        submit(owner, 1.0)


def test_a_job_that_fails_gives_its_minutes_back(owner: User, settings: Settings) -> None:
    settings.MAX_AUDIO_MINUTES_PER_DAY = 10
    submit(owner, 10.0)
    job = claim_next(worker="test")
    assert job is not None
    fail(Lease(job), WorkerLost("It broke."))
    assert AudioUse.objects.count() == 0
    submit(owner, 10.0)
    with pytest.raises(QuotaExceeded, match=r"0\.0 of them are left"):
        retry_job(job=job)
    AudioUse.objects.update(used_at=timezone.now() - timedelta(hours=25))
    assert retry_job(job=job).status == "pending"
    assert AudioUse.objects.filter(job=job).count() == 1


def test_a_cancelled_job_is_tried_again_without_using_minutes_twice(
    owner: User, settings: Settings
) -> None:
    settings.MAX_AUDIO_MINUTES_PER_DAY = 10
    job = submit(owner, 10.0)
    retry_job(job=cancel_job(job=job))
    assert AudioUse.objects.count() == 1
    AudioUse.objects.update(used_at=timezone.now() - timedelta(hours=25))
    retry_job(job=cancel_job(job=job))
    assert AudioUse.objects.filter(used_at__gt=timezone.now() - timedelta(hours=1)).count() == 1


def test_members_of_a_group_use_up_its_minutes_together(owner: User, stranger: User) -> None:
    set_quota(make_group("class 4b", owner, stranger), shared=True, audio_minutes_per_day=10)
    submit(owner, 6.0)
    with pytest.raises(
        QuotaExceeded, match=r"The group class 4b may have 10 minutes.*4\.0 of them"
    ):
        submit(stranger, 5.0)
    submit(stranger, 4.0)


def test_minutes_are_not_used_by_a_job_that_was_refused(owner: User, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    submit(owner, 1.0)
    with pytest.raises(QuotaExceeded, match="1 are allowed"):
        submit(owner, 1.0)
    assert AudioUse.objects.count() == 1


def test_no_limit_is_the_default_and_campaigns_count_for_nothing(
    owner: User, settings: Settings
) -> None:
    submit(owner, 10_000.0)
    settings.MAX_ACTIVE_JOBS, settings.MAX_AUDIO_MINUTES_PER_DAY = 2, 10_001
    campaign = Campaign.objects.create(separator="spectral", request={}, key="k")
    for _ in range(3):
        source = make_source(owner=owner, duration_s=60.0)
        insert_job(owner=owner, source=source, request=SPECTRAL, campaign=campaign)
    submit(owner, 1.0)
    make_job(owner=owner)
    with pytest.raises(QuotaExceeded):
        check_quota(owner=owner)
