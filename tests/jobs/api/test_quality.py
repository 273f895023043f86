"""Programs read the quality report of a job."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from jobs.models import Job
from jobs.models.job import JobStatus
from tests.factories import make_job
from tests.quality_report import make_report


@pytest.fixture
def job(owner: User) -> Job:
    manifest = {"quality": make_report().model_dump(mode="json")}
    return make_job(owner=owner, status=JobStatus.COMPLETED, manifest=manifest)


def test_the_report_is_that_of_the_manifest(api: APIClient, job: Job) -> None:
    answer = api.get(f"/api/v1/jobs/{job.pk}/quality")
    assert answer.status_code == 200
    assert answer.json() == job.manifest["quality"]
    assert answer.json()["stems"][0]["findings"][0]["code"] == "clipped"


def test_a_report_that_the_client_has_is_not_sent_again(api: APIClient, job: Job) -> None:
    first = api.get(f"/api/v1/jobs/{job.pk}/quality")
    again = api.get(f"/api/v1/jobs/{job.pk}/quality", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_a_job_without_a_report_says_why(api: APIClient, owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.COMPLETED, manifest={"version": "2.0"})
    answer = api.get(f"/api/v1/jobs/{job.pk}/quality")
    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"
    assert "Separate the song again" in answer.json()["detail"]


def test_a_stranger_knows_of_no_report(
    stranger_api: APIClient, anonymous: APIClient, job: Job
) -> None:
    assert stranger_api.get(f"/api/v1/jobs/{job.pk}/quality").status_code == 404
    assert anonymous.get(f"/api/v1/jobs/{job.pk}/quality").status_code == 401
