"""What counts as stored, and what a full storage refuses."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Campaign, Job, Reservation
from jobs.models.job import JobStatus
from jobs.services.job.create import create_job
from jobs.services.job.delete import delete_job
from jobs.services.job.retry import retry_job
from jobs.services.quotas.limits import check_quota, check_storage, refusal
from jobs.services.quotas.usage import stored_bytes
from separation.errors import QuotaExceeded
from separation.request.separation_request import SeparationRequest
from tests.factories import make_artifact, make_job, make_source

SPECTRAL = SeparationRequest(separator="spectral")


def song(owner: User, size: int = 100, *, tracks: tuple[int, ...] = (), **fields: Any) -> Job:
    fields.setdefault("status", JobStatus.COMPLETED)
    source = make_source(owner=owner, content=b"s" * size)
    job = make_job(owner=owner, source=source, **fields)
    for number, track in enumerate(tracks):
        make_artifact(job, f"track{number}", content=b"t" * track)
    return job


def of(user: User) -> int:
    return stored_bytes([user.pk])


def test_songs_and_their_tracks_count_for_their_owner(owner: User, stranger: User) -> None:
    song(owner, 100, tracks=(10, 20))
    song(owner, 1, status=JobStatus.PENDING)
    song(stranger, 5000, tracks=(5000,))
    assert of(owner) == 131


def test_a_song_that_two_jobs_use_counts_once(owner: User) -> None:
    job = song(owner, 100, tracks=(10,))
    make_artifact(
        make_job(owner=owner, source=job.source, status=JobStatus.COMPLETED), content=b"t"
    )
    assert of(owner) == 111


def test_a_song_without_a_job_counts_as_long_as_it_is_kept(owner: User) -> None:
    make_source(owner=owner, content=b"s" * 100)
    assert of(owner) == 100


def test_audio_that_has_expired_counts_for_nothing(owner: User) -> None:
    job = song(owner, 100, tracks=(10,))
    other = make_job(owner=owner, source=job.source)
    Job.objects.filter(pk=job.pk).update(audio_deleted_at=timezone.now())
    assert of(owner) == 100  # the song is still needed
    Job.objects.filter(pk=other.pk).update(audio_deleted_at=timezone.now())
    assert of(owner) == 0


def test_a_version_counts_from_when_it_is_accepted_and_the_old_one_then_no_more(
    owner: User,
) -> None:
    job = song(owner, 100, tracks=(10,))
    campaign = Campaign.objects.create(separator="spectral", request={}, key="k")
    version = make_job(
        owner=owner, source=job.source, campaign=campaign, replaces=job, status=JobStatus.COMPLETED
    )
    make_artifact(version, content=b"t" * 17)
    assert of(owner) == 110
    Job.objects.filter(pk=version.pk).update(accepted_at=timezone.now())
    assert of(owner) == 117


def test_the_refusal_says_what_is_used_allowed_and_to_be_done(
    owner: User, settings: Settings
) -> None:
    settings.MAX_STORED_BYTES = 2_000_000
    make_source(owner=owner, content=b"s" * 1_500_000)
    check_storage(owner=owner, size_bytes=500_000)
    with pytest.raises(QuotaExceeded) as refused:
        check_storage(owner=owner, size_bytes=500_001)
    assert refused.value.detail == (
        "501 kB more do not fit: you store 1.5 MB of the 2.0 MB that you may store. Delete jobs "
        "that you no longer need; their songs and tracks go with them."
    )


def test_deleting_a_job_makes_room(owner: User, settings: Settings) -> None:
    settings.MAX_STORED_BYTES = 130
    job = song(owner, 100, tracks=(30,))
    assert refusal(owner=owner) is not None
    delete_job(job=job)
    assert refusal(owner=owner) is None
    check_storage(owner=owner, size_bytes=130)


def test_tracks_may_overfill_and_then_no_job_is_made_or_tried_again(
    owner: User, settings: Settings
) -> None:
    settings.MAX_STORED_BYTES = 110
    job = song(owner, 100, tracks=(10,))
    failed = make_job(owner=owner, source=job.source, status=JobStatus.FAILED)
    create_job(owner=owner, source=job.source, request=SPECTRAL)  # exactly full is not too full
    make_artifact(job, "one more", content=b"t")
    with pytest.raises(QuotaExceeded, match="no room for anything more"):
        create_job(owner=owner, source=job.source, request=SPECTRAL)
    with pytest.raises(QuotaExceeded, match="no room for anything more"):
        retry_job(job=failed)
    failed.refresh_from_db()
    assert failed.status == JobStatus.FAILED


def test_what_is_on_its_way_counts_beside_what_is_there(owner: User, settings: Settings) -> None:
    settings.MAX_STORED_BYTES, settings.MAX_ACTIVE_JOBS = 120, 2
    song(owner, 60, status=JobStatus.PENDING)
    Reservation.objects.create(
        owner=owner, size_bytes=60, jobs=1, expires_at=timezone.now() + timedelta(seconds=60)
    )
    with pytest.raises(QuotaExceeded, match="no room for anything more"):
        check_storage(owner=owner, size_bytes=1)
    with pytest.raises(QuotaExceeded, match="2 are allowed"):
        check_quota(owner=owner)


def test_reserved_room_counts_until_it_expires(owner: User, settings: Settings) -> None:
    settings.MAX_STORED_BYTES = 100
    held = Reservation.objects.create(
        owner=owner, size_bytes=60, expires_at=timezone.now() + timedelta(seconds=60)
    )
    check_storage(owner=owner, size_bytes=40)
    with pytest.raises(QuotaExceeded):
        check_storage(owner=owner, size_bytes=41)
    Reservation.objects.filter(pk=held.pk).update(expires_at=timezone.now())
    check_storage(owner=owner, size_bytes=100)
