"""A newer version: offered, accepted, dismissed, and gone with what it would replace."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from jobs.errors import JobConflict
from jobs.models import Job, Source
from jobs.models.job import JobStatus
from jobs.queue.claim import claim_next
from jobs.queue.lease import Lease
from jobs.services.campaigns import versions
from jobs.services.campaigns.advance import advance_campaigns
from jobs.services.campaigns.versions import accept_all, accept_version, dismiss_version
from jobs.services.housekeeping.expire import expire_everything
from jobs.services.job.delete import delete_job
from jobs.worker.outcome import cancel
from tests.factories import make_job
from tests.jobs.campaigns.world import finish, make_song, make_version, start


def listed() -> list[Job]:
    return list(Job.objects.listed().newest_first())


def test_an_accepted_version_stands_where_the_old_job_stood(owner: User) -> None:
    song = make_song()
    long_ago = timezone.now() - timedelta(days=9)
    Source.objects.update(created_at=long_ago)
    Job.objects.update(created_at=long_ago)
    version, young = make_version(song), make_job(status=JobStatus.COMPLETED)
    assert listed() == [young, song]
    for _ in range(2):
        accept_version(job=version)
    assert listed() == [young, version]
    assert version.sent_at == long_ago
    assert Job.objects.filter(pk=song.pk).exists() and song.artifacts.get().file.is_file()


def test_only_one_of_accept_and_dismiss_happens(owner: User) -> None:
    version = make_version()
    accept_version(job=version)
    with pytest.raises(JobConflict, match="accepted already"):
        dismiss_version(job=version)
    assert version.artifacts.get().file.is_file()


def test_dismissing_deletes_the_files_and_keeps_the_manifest(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    song = make_song()
    version = make_version(song)
    manifest = version.directory / "manifest.json"
    manifest.write_text("{}")
    track = version.artifacts.get().file
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            dismiss_version(job=version)
    assert not track.exists() and manifest.is_file() and version.manifest
    assert song.artifacts.get().file.is_file() and song.source.path.is_file()
    with pytest.raises(JobConflict, match="audio is deleted"):
        accept_version(job=version)
    assert listed() == [song]


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.FAILED])
def test_what_is_not_complete_is_neither_accepted_nor_dismissed(owner: User, status: str) -> None:
    version = make_version()
    Job.objects.filter(pk=version.pk).update(status=status)
    for act in (accept_version, dismiss_version):
        with pytest.raises(JobConflict, match=r"it is (waiting|failed)"):
            act(job=version)


def test_an_ordinary_job_is_no_version(owner: User) -> None:
    for act in (accept_version, dismiss_version):
        with pytest.raises(JobConflict, match="this is none"):
            act(job=make_song())


def test_other_offers_are_then_offers_for_the_accepted_one(owner: User) -> None:
    song = make_song()
    first, second = make_version(song), make_version(song, separator="demucs")
    accept_version(job=first)
    second.refresh_from_db()
    assert second.replaces == first
    accept_version(job=second)
    assert listed() == [second]


def test_an_operator_accepts_all_that_are_ready(owner: User) -> None:
    for _ in range(2):
        make_song()
    campaign = start()
    advance_campaigns()
    done, waiting = campaign.jobs.all()
    finish(done)
    assert accept_all(campaign=campaign) == 1
    assert accept_all(campaign=campaign) == 0
    waiting.refresh_from_db()
    assert waiting.accepted_at is None


def test_a_version_that_its_owner_dismisses_meanwhile_does_not_stop_the_others(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_song()
    make_song()
    campaign = start()
    advance_campaigns()
    made = [finish(job) for job in campaign.jobs.all()]
    accept = versions.accept_version

    def after_its_owner(*, job: Job) -> Job:
        if Job.objects.ready().filter(campaign=campaign).count() == len(made):
            dismiss_version(job=job)
        return accept(job=job)

    monkeypatch.setattr(versions, "accept_version", after_its_owner)
    assert accept_all(campaign=campaign) == 1


def test_deleting_an_accepted_version_brings_the_old_one_back(owner: User) -> None:
    song = make_song()
    version = make_version(song)
    accept_version(job=version)
    delete_job(job=version)
    assert listed() == [song] and song.source.path.is_file()


def test_deleting_the_old_job_leaves_the_accepted_one(owner: User) -> None:
    song = make_song()
    version = make_version(song)
    accept_version(job=version)
    delete_job(job=song)
    version.refresh_from_db()
    assert listed() == [version]
    assert version.replaces is None and version.source.path.is_file()


def test_deleting_a_version_between_two_others_brings_none_back(owner: User) -> None:
    song = make_song()
    middle = accept_version(job=make_version(song))
    newest = accept_version(job=make_version(middle, separator="spectral", format="ogg"))
    delete_job(job=middle)
    assert list(Job.objects.listed()) == [newest]
    newest.refresh_from_db()
    assert newest.replaces == song
    delete_job(job=newest)
    assert list(Job.objects.listed()) == [song]


@pytest.mark.parametrize("status", ["pending", "completed", "failed"])
def test_deleting_the_old_job_takes_its_offers_and_the_song_along(
    owner: User, status: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    song = make_song()
    version = make_version(song)
    Job.objects.filter(pk=version.pk).update(status=status)
    with django_capture_on_commit_callbacks(execute=True):
        delete_job(job=song)
    assert not Job.objects.exists() and not Source.objects.exists()
    assert not version.directory.exists() and not song.source.path.exists()


def test_an_offer_that_runs_stops_and_goes_when_the_old_job_is_deleted(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    song = make_song()
    start()
    advance_campaigns()
    running = claim_next(worker="one")
    assert running is not None
    with django_capture_on_commit_callbacks(execute=True):
        delete_job(job=song)
        advance_campaigns()
    running.refresh_from_db()
    assert running.cancel_requested and running.replaces is None
    cancel(Lease(running))
    with django_capture_on_commit_callbacks(execute=True):
        advance_campaigns()
    assert not Job.objects.exists() and not song.source.path.exists()


def test_an_offer_does_not_outlive_the_audio_of_the_old_job(
    owner: User,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.RETENTION_DAYS = 7
    song = make_song()
    version = make_version(song)
    Job.objects.filter(pk=song.pk).update(completed_at=timezone.now() - timedelta(days=8))
    expire_everything()
    assert version.artifacts.get().file.is_file()
    with django_capture_on_commit_callbacks(execute=True):
        advance_campaigns()
    assert not version.artifacts.get().file.exists() and not song.source.path.exists()
    assert version.directory.is_dir()
    assert Job.objects.filter(audio_deleted_at__isnull=False).count() == 2


def test_an_accepted_version_has_a_time_of_its_own(owner: User, settings: Settings) -> None:
    settings.RETENTION_DAYS = 7
    song = make_song()
    version = make_version(song)
    accept_version(job=version)
    Job.objects.filter(pk=song.pk).update(completed_at=timezone.now() - timedelta(days=8))
    expire_everything()
    advance_campaigns()
    assert version.artifacts.get().file.is_file()
