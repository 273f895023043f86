import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from jobs.errors import JobConflict
from jobs.models import Artifact, Job, Source, Stage
from jobs.models.job import JobStatus
from jobs.services.job.delete import delete_job
from tests.factories import make_artifact, make_job, make_source


def test_rows_files_and_song_go_together(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    job = make_job(status=JobStatus.COMPLETED)
    artifact = make_artifact(job)
    song = job.source.path
    with django_capture_on_commit_callbacks(execute=True):
        delete_job(job=job)
        assert artifact.file.exists(), "files must outlive a transaction that may roll back"
    for model in (Job, Stage, Artifact, Source):
        assert not model._default_manager.exists()
    assert not job.directory.exists() and not song.exists()


def test_a_song_that_another_job_uses_stays(
    owner: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    source = make_source()
    job = make_job(source=source, status=JobStatus.FAILED)
    make_job(source=source)
    with django_capture_on_commit_callbacks(execute=True):
        delete_job(job=job)
    assert source.path.exists()
    assert Source.objects.get() == source


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.PROCESSING])
def test_an_active_job_must_be_cancelled_first(owner: User, status: JobStatus) -> None:
    job = make_job(status=status)
    artifact = make_artifact(job)
    with pytest.raises(JobConflict, match="cancel it first"):
        delete_job(job=job)
    assert Job.objects.filter(pk=job.pk).exists() and artifact.file.exists()


@pytest.mark.django_db(transaction=True)
def test_a_deletion_that_rolls_back_keeps_the_files(owner: User) -> None:
    job = make_job(status=JobStatus.COMPLETED)
    artifact = make_artifact(job)
    with pytest.raises(RuntimeError), transaction.atomic():
        delete_job(job=job)
        raise RuntimeError("something later in the same transaction")
    assert Job.objects.filter(pk=job.pk).exists()
    assert artifact.file.exists() and job.source.path.exists()


def test_where_the_database_has_no_room_the_files_make_it_first(owner: User) -> None:
    job = make_job(status=JobStatus.COMPLETED)
    make_artifact(job)

    def refuse(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
        if sql.startswith("DELETE") and (job.directory / "spectral_output").exists():
            full = sqlite3.OperationalError("database or disk is full")
            full.sqlite_errorname = "SQLITE_FULL"
            raise OperationalError(str(full)) from full
        return execute(sql, *given)

    with connection.execute_wrapper(refuse):
        delete_job(job=job)
    assert not Job.objects.exists()


def test_no_file_goes_before_its_row_while_a_job_runs(owner: User) -> None:
    job = make_job(status=JobStatus.PROCESSING)
    artifact = make_artifact(job)
    with pytest.raises(JobConflict):
        delete_job(job=job)
    assert artifact.file.is_file()
