"""All tracks as one ZIP."""

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import RequestFactory

from jobs.errors import JobConflict
from jobs.http.downloads import all_tracks_response
from jobs.models import Job
from tests.factories import make_artifact, make_job, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    job = make_job(
        status="completed",
        source=make_source(original_name="Müller.wav"),
        manifest={"version": "1.0"},
    )
    make_artifact(job, "vocals")
    make_artifact(job, "drums", path="spectral_output/drums.wav")
    return job


def answer(job: Job, method: str = "GET") -> Any:
    return all_tracks_response(RequestFactory().generic(method, "/"), job)


def test_the_zip_holds_every_track_and_the_manifest(job: Job) -> None:
    response = answer(job)
    assert response.streaming
    content = b"".join(response.streaming_content)
    assert response.headers["Content-Length"] == str(len(content))
    assert response.headers["Content-Type"] == "application/zip"
    assert "M%C3%BCller.zip" in response.headers["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    assert archive.namelist() == ["Müller/vocals.wav", "Müller/drums.wav", "Müller/manifest.json"]
    assert archive.read("Müller/drums.wav") == job.artifacts.get(name="drums").file.read_bytes()
    assert json.loads(archive.read("Müller/manifest.json")) == {"version": "1.0"}


def test_head_tells_the_length_without_a_body(job: Job) -> None:
    head, get = answer(job, "HEAD"), answer(job)
    assert head.content == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


@pytest.mark.parametrize("status", ["pending", "processing", "failed", "cancelled"])
def test_a_job_that_is_not_completed_has_no_zip(status: str) -> None:
    with pytest.raises(JobConflict):
        answer(make_job(status=status))
