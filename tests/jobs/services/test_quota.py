from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import AudioUse, Campaign, Job
from jobs.services.create import create_job, insert_job
from jobs.services.quota import check_quota
from separation.errors import QuotaExceeded
from separation.request import SeparationRequest
from tests.factories import make_job, make_source

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
    AudioUse.objects.update(used_at=timezone.now() - timedelta(hours=24, seconds=1))
    submit(owner, 10.0)


def test_deleting_jobs_brings_no_minutes_back(owner: User, settings: Settings) -> None:
    settings.MAX_AUDIO_MINUTES_PER_DAY = 10
    submit(owner, 10.0)
    Job.objects.all().delete()
    with pytest.raises(QuotaExceeded, match=r"0\.0 of them are left"):
        submit(owner, 1.0)


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
