"""Downloads through the API and under the specification's own addresses."""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from jobs.models import Job
from tests.factories import make_artifact, make_job, wav_bytes

TRACK = ("/api/v1/jobs/{id}/download/vocals", "/download/{id}/vocals")
EVERYTHING = ("/api/v1/jobs/{id}/download/all", "/download/{id}/all")

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    job = make_job(status="completed")
    make_artifact(job)
    return job


@pytest.mark.parametrize("address", TRACK)
def test_a_track_is_what_the_pipeline_wrote(api: APIClient, job: Job, address: str) -> None:
    response = api.get(address.format(id=job.pk))
    assert b"".join(response) == wav_bytes()
    assert response.headers["Content-Type"] == "audio/wav"
    assert 'filename="Song - vocals.wav"' in response.headers["Content-Disposition"]
    assert response.headers["ETag"] == f'"{job.artifacts.get().sha256}"'


@pytest.mark.parametrize("accept", ["audio/*", "text/html", "application/x-nothing"])
def test_a_player_may_ask_for_any_type_and_for_a_part(
    api: APIClient, job: Job, accept: str
) -> None:
    headers = {"Accept": accept, "Range": "bytes=44-99"}
    response = api.get(TRACK[0].format(id=job.pk), headers=headers)
    assert response.status_code == 206
    assert b"".join(response) == wav_bytes()[44:100]


@pytest.mark.parametrize("address", TRACK + EVERYTHING)
def test_head_is_answered_without_a_body(api: APIClient, job: Job, address: str) -> None:
    response = api.head(address.format(id=job.pk))
    assert response.status_code == 200
    assert int(response.headers["Content-Length"]) > 10_000
    assert response.content == b""


@pytest.mark.parametrize("address", TRACK + EVERYTHING)
@pytest.mark.parametrize("status", ["pending", "processing", "failed", "cancelled"])
def test_a_job_that_is_not_completed_has_nothing_to_download(
    api: APIClient, status: str, address: str
) -> None:
    job = make_job(status=status)
    make_artifact(job)
    response = api.get(address.format(id=job.pk))
    assert response.status_code == 409
    assert response.json()["code"] == "conflict"
    if status == "pending":
        assert "not finished yet" in response.json()["detail"]


@pytest.mark.parametrize("address", TRACK + EVERYTHING)
def test_audio_that_was_deleted_by_age_is_told_as_such(
    api: APIClient, job: Job, address: str
) -> None:
    Job.objects.update(audio_deleted_at=timezone.now())
    response = api.get(address.format(id=job.pk))
    assert response.status_code == 410
    assert response.json()["code"] == "audio_deleted"
    assert f"{timezone.now():%Y-%m-%d}" in response.json()["detail"]
    assert response.json()["manifest_url"] == f"/api/v1/jobs/{job.pk}/manifest"


def test_outputs_of_deleted_audio_say_so_and_lead_nowhere(api: APIClient, job: Job) -> None:
    here = api.get(f"/api/v1/jobs/{job.pk}/outputs").json()
    assert here["detail"] == "" and here["outputs"][0]["url"] and here["archive_url"]

    Job.objects.update(audio_deleted_at=timezone.now())
    gone = api.get(f"/api/v1/jobs/{job.pk}/outputs").json()
    assert "was deleted on" in gone["detail"] and gone["audio_deleted_at"]
    assert [each["name"] for each in gone["outputs"]] == ["vocals"]
    assert gone["outputs"][0]["url"] is None and gone["archive_url"] is None
    assert gone["manifest_url"] == here["manifest_url"] == f"/api/v1/jobs/{job.pk}/manifest"


def test_a_file_that_vanished_is_told_without_naming_its_path(api: APIClient, job: Job) -> None:
    file = job.artifacts.get().file
    file.unlink()
    response = api.get(TRACK[0].format(id=job.pk))
    assert response.status_code == 409
    assert response.json()["code"] == "artifact_damaged"
    assert str(file.parent) not in response.json()["detail"]


def test_a_track_that_the_job_has_not_got_is_answered_with_those_it_has(
    api: APIClient, job: Job
) -> None:
    response = api.get(f"/download/{job.pk}/flute")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"
    assert "vocals" in response.json()["detail"]


@pytest.mark.parametrize("track", ["..%2F..%2Fmanifest.json", "%2Fetc%2Fpasswd", ".."])
def test_a_track_is_a_name_and_never_a_path(api: APIClient, job: Job, track: str) -> None:
    assert api.get(f"/api/v1/jobs/{job.pk}/download/{track}").status_code == 404
