import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Job, Source
from jobs.models.job import JobStatus
from jobs.models.upload import incoming_dir
from jobs.services.housekeeping.expire import (
    _age_s,
    expire_audio,
    expire_unused_sources,
    expire_uploads,
    expire_work,
)
from tests.factories import make_artifact, make_job, make_source


def days_ago(days: float) -> object:
    return timezone.now() - timedelta(days=days)


def test_old_audio_goes_and_the_manifest_stays(owner: User, settings: Settings) -> None:
    settings.RETENTION_DAYS = 7
    old = make_job(
        status=JobStatus.COMPLETED, completed_at=days_ago(8), manifest={"version": "2.0"}
    )
    young = make_job(status=JobStatus.COMPLETED, completed_at=days_ago(6))
    gone, kept = make_artifact(old), make_artifact(young)
    manifest = old.directory / "manifest.json"
    manifest.write_text("{}")
    assert expire_audio() == 1
    assert not gone.file.exists() and not old.source.path.exists()
    assert kept.file.exists() and young.source.path.exists()
    assert manifest.exists()
    old.refresh_from_db()
    assert old.audio_deleted_at is not None and old.manifest == {"version": "2.0"}
    assert expire_audio() == 0


def test_a_song_that_a_younger_job_uses_stays(owner: User, settings: Settings) -> None:
    settings.RETENTION_DAYS = 7
    source = make_source()
    make_job(status=JobStatus.COMPLETED, completed_at=days_ago(8), source=source)
    make_job(source=source)
    assert expire_audio() == 1
    assert source.path.exists()


def test_a_job_that_is_run_again_this_very_moment_keeps_its_audio(
    owner: User, settings: Settings
) -> None:
    settings.RETENTION_DAYS = 7
    job = make_job(status=JobStatus.FAILED, completed_at=days_ago(8))
    artifact = make_artifact(job)
    retried: list[bool] = []

    def retry_first(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and not retried:
            retried.append(True)
            Job.objects.filter(pk=job.pk).update(status=JobStatus.PENDING, completed_at=None)
        return run(sql, *rest)

    with connection.execute_wrapper(retry_first):
        assert expire_audio() == 0
    assert retried and artifact.file.exists() and job.source.path.exists()


def test_nothing_expires_unless_a_retention_is_set(owner: User, settings: Settings) -> None:
    settings.RETENTION_DAYS = 0
    job = make_job(status=JobStatus.COMPLETED, completed_at=days_ago(9999))
    assert expire_audio() == 0
    assert Job.objects.get(pk=job.pk).audio_deleted_at is None


def test_work_of_jobs_that_failed_long_ago_goes(owner: User, settings: Settings) -> None:
    settings.WORK_RETENTION_HOURS = 24
    old = make_job(status=JobStatus.FAILED, completed_at=days_ago(1.1))
    young = make_job(status=JobStatus.FAILED, completed_at=days_ago(0.9))
    running = make_job(status=JobStatus.PROCESSING)
    for job in (old, young, running):
        (job.directory / "work").mkdir(parents=True)
    assert expire_work() == 1
    present = [(job.directory / "work").exists() for job in (old, young, running)]
    assert present == [False, True, True]


@pytest.mark.django_db
def test_parts_of_uploads_that_ended_long_ago_go() -> None:
    assert expire_uploads() == 0
    incoming_dir().mkdir(parents=True)
    stale, moving = incoming_dir() / "a.part", incoming_dir() / "b.part"
    for part in (stale, moving):
        part.write_bytes(b"x")
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(stale, (two_days_ago, two_days_ago))
    assert expire_uploads() == 1
    assert moving.exists() and not stale.exists()


def test_songs_that_never_came_to_a_job_go_after_a_day(owner: User) -> None:
    used, young = make_job().source, make_source()
    make_source(original_name="Never used.wav")
    Source.objects.exclude(pk=young.pk).update(created_at=days_ago(1.1))
    assert expire_unused_sources() == 1
    assert set(Source.objects.all()) == {used, young}


def test_a_part_that_is_gone_meanwhile_is_not_stale(tmp_path: Path) -> None:
    assert _age_s(tmp_path / "gone.part") == 0.0
