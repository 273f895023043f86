"""Cancel, retry and delete, once and again."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from rest_framework.test import APIClient

from jobs.models import Job, Source
from jobs.models.job import JobStatus
from tests.factories import make_artifact, make_job

JOBS = "/api/v1/jobs"


def test_a_waiting_job_is_cancelled_and_stays_so(api: APIClient) -> None:
    job = make_job()
    for _ in range(2):
        response = api.post(f"{JOBS}/{job.pk}/cancel")
        assert response.status_code == 200
        assert response.json()["status"] == "cancelled"


def test_a_running_job_is_asked_to_stop(api: APIClient) -> None:
    job = make_job(status="processing")
    for _ in range(2):
        answer = api.post(f"{JOBS}/{job.pk}/cancel").json()
        assert answer["status"] == "processing"
        assert answer["status_label"] == "Cancelling"
        assert answer["cancel_requested_at"]


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_a_job_that_has_ended_cannot_be_cancelled(api: APIClient, status: str) -> None:
    response = api.post(f"{JOBS}/{make_job(status=status).pk}/cancel")
    assert response.status_code == 409
    assert response.json()["code"] == "conflict"
    assert Job.objects.get().status == status


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_that_did_not_succeed_is_run_again_once(api: APIClient, status: str) -> None:
    job = make_job(status=status)
    first = api.post(f"{JOBS}/{job.pk}/retry")
    assert first.status_code == 200
    assert first.json()["status"] == "pending"
    assert first.json()["error"] is None
    assert api.post(f"{JOBS}/{job.pk}/retry").status_code == 409


def test_a_job_whose_song_is_gone_cannot_be_run_again(api: APIClient) -> None:
    job = make_job(status="failed")
    job.source.path.unlink()
    response = api.post(f"{JOBS}/{job.pk}/retry")
    assert response.status_code == 409
    assert response.json()["code"] == "source_missing"


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_ended_job_is_deleted_with_its_song_and_files(
    api: APIClient,
    slash: str,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> None:
    job = make_job(status="completed")
    track, song = make_artifact(job).file, job.source.path
    with django_capture_on_commit_callbacks(execute=True):
        response = api.delete(f"{JOBS}/{job.pk}{slash}")
    assert response.status_code == 204
    assert not Job.objects.exists() and not Source.objects.exists()
    assert not track.exists() and not song.exists()
    assert api.delete(f"{JOBS}/{job.pk}").status_code == 404


@pytest.mark.parametrize("status", [JobStatus.PENDING, JobStatus.PROCESSING])
def test_an_active_job_is_not_deleted(api: APIClient, status: str) -> None:
    response = api.delete(f"{JOBS}/{make_job(status=status).pk}")
    assert response.status_code == 409
    assert Job.objects.exists()
