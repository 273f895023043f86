"""The list and one job."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from jobs.models import Job, Stage
from separation.request.separation_request import SeparationRequest
from tests.factories import make_artifact, make_job, make_source

if TYPE_CHECKING:
    from django.contrib.auth.models import User

JOBS = "/api/v1/jobs"
START = datetime(2026, 1, 1, tzinfo=UTC)


def names(client: APIClient, query: str = "") -> list[str]:
    response = client.get(JOBS + query)
    assert response.status_code == 200, response.json()
    return [row["input_file"] for row in response.json()["results"]]


def make_named(name: str, *, day: int = 0, **overrides: Any) -> Job:
    source = make_source(original_name=name, title=f"Title of {name}", artist="Ella")
    return make_job(source=source, created_at=START + timedelta(days=day), **overrides)


def test_the_list_is_newest_first_and_only_mine(api: APIClient, stranger: "User") -> None:
    make_named("old.wav", day=1)
    make_named("new.wav", day=3)
    make_named("middle.wav", day=2)
    make_job(owner=stranger)
    assert names(api) == ["new.wav", "middle.wav", "old.wav"]


def test_the_list_comes_in_pages(api: APIClient) -> None:
    for n in range(5):
        make_named(f"{n}.wav", day=n)
    first = api.get(JOBS + "?page_size=2").json()
    assert first["count"] == 5
    assert [row["input_file"] for row in first["results"]] == ["4.wav", "3.wav"]
    second = api.get(first["next"]).json()
    assert [row["input_file"] for row in second["results"]] == ["2.wav", "1.wav"]
    behind = api.get(JOBS + "?page=99")
    assert behind.status_code == 404
    assert behind.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?status=completed", ["done.wav"]),
        ("?separator=demucs", ["demucs.wav"]),
        ("?search=DEM", ["demucs.wav"]),
        ("?search=title+of+done", ["done.wav"]),
        ("?search=ella&status=completed", ["done.wav"]),
        ("?search=nobody", []),
        ("?status=&search=", ["demucs.wav", "done.wav"]),
    ],
)
def test_the_list_can_be_filtered(api: APIClient, query: str, expected: list[str]) -> None:
    make_named("done.wav", day=1, status="completed")
    make_named("demucs.wav", day=2, request=SeparationRequest(separator="demucs"))
    assert names(api, query) == expected


def test_a_status_that_does_not_exist_is_refused_in_one_sentence(api: APIClient) -> None:
    response = api.get(JOBS + "?status=asleep")
    assert response.status_code == 400
    assert response.json() == {
        "code": "invalid",
        "detail": 'status: "asleep" is not a valid choice.',
    }


def test_twenty_jobs_cost_no_more_queries_than_one(api: APIClient) -> None:
    counts = []
    api.get(JOBS)  # the first request of a minute also begins the count of its limit
    for more in (1, 19):
        for _ in range(more):
            make_artifact(make_job(status="completed"))
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(JOBS).json()["results"]) >= more
        counts.append(len(queries))
    assert counts[0] == counts[1]
    # The token, its account's other tokens, the number of jobs, the jobs with songs, their tags.
    assert counts[1] <= 5


def test_one_job_tells_its_progress_its_stages_and_its_error(api: APIClient) -> None:
    job = make_job(
        status="failed",
        stages={"prepare": "completed", "separation": "failed"},
        progress_percent=41.5,
        progress_message="Separating",
        error_code="corrupt_audio",
        error_detail="The file ends early.",
        warnings=["Mono became stereo."],
    )
    api.get(f"{JOBS}/{job.pk}")  # begins the count of this account's requests
    with CaptureQueriesContext(connection) as queries:
        answer = api.get(f"{JOBS}/{job.pk}").json()
    assert len(queries) <= 6
    assert answer["status"] == "failed"
    assert answer["status_label"] == "Failed"
    assert answer["progress"]["percent"] == 41.5
    assert answer["error"] == {"code": "corrupt_audio", "detail": "The file ends early."}
    assert answer["warnings"] == ["Mono became stereo."]
    states = {stage["name"]: stage["status"] for stage in answer["stages"]}
    assert states["prepare"] == "completed" and states["separation"] == "failed"


def test_no_path_of_the_server_is_told(api: APIClient) -> None:
    job = make_job(request=SeparationRequest(separator="demucs", repo=Path("/srv/weights")))
    response = api.get(f"{JOBS}/{job.pk}")
    assert response.json()["request"]["separator"] == "demucs"
    for path in ("/srv/weights", str(job.directory), str(job.source.path)):
        assert path not in response.content.decode()


def test_polling_is_answered_with_304_until_something_changes(api: APIClient) -> None:
    job = make_job(status="processing")
    address = f"{JOBS}/{job.pk}"
    etag = api.get(address).headers["ETag"]
    unchanged = api.get(address, headers={"If-None-Match": etag})
    assert unchanged.status_code == 304
    assert unchanged.content == b""
    # As the worker writes: filtered updates, which leave `updated_at` alone.
    for change in (
        lambda: Job.objects.filter(pk=job.pk).update(progress_percent=12.5),
        lambda: Stage.objects.filter(job=job, name="prepare").update(status="completed"),
    ):
        change()
        changed = api.get(address, headers={"If-None-Match": etag})
        assert changed.status_code == 200
        assert changed.headers["ETag"] != etag
        etag = changed.headers["ETag"]


def test_outputs_name_every_track_and_where_to_get_it(api: APIClient) -> None:
    job = make_job(status="completed")
    make_artifact(job, "vocals", loudness_lufs=-14.2)
    make_artifact(job, "drums", path="spectral_output/drums.wav")
    answer = api.get(f"{JOBS}/{job.pk}/outputs").json()
    assert answer["status"] == "completed"
    assert [track["name"] for track in answer["outputs"]] == ["vocals", "drums"]
    vocals = answer["outputs"][0]
    assert vocals["loudness_lufs"] == -14.2
    assert b"".join(api.get(vocals["url"])) == job.artifacts.get(name="vocals").file.read_bytes()
    assert api.get(answer["archive_url"]).status_code == 200


@pytest.mark.parametrize("status", ["pending", "processing", "failed"])
def test_outputs_are_empty_until_the_job_is_completed(api: APIClient, status: str) -> None:
    job = make_job(status=status)
    make_artifact(job)
    assert api.get(f"{JOBS}/{job.pk}/outputs").json()["outputs"] == []


def test_the_manifest_is_given_as_it_is_stored(api: APIClient) -> None:
    job = make_job(status="completed", manifest={"version": "1.0", "job_id": "x"})
    assert api.get(f"{JOBS}/{job.pk}/manifest").json() == {"version": "1.0", "job_id": "x"}


def test_a_client_that_has_the_manifest_gets_304_until_it_changes(api: APIClient) -> None:
    job = make_job(status="completed", manifest={"version": "2.0"})
    address = f"{JOBS}/{job.pk}/manifest"
    etag = api.get(address).headers["ETag"]
    unchanged = api.get(address, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    Job.objects.filter(pk=job.pk).update(manifest={"version": "2.0", "mood": "x"})
    changed = api.get(address, headers={"If-None-Match": etag})
    assert changed.status_code == 200 and changed.headers["ETag"] != etag


def test_a_job_without_a_manifest_says_so(api: APIClient) -> None:
    response = api.get(f"{JOBS}/{make_job().pk}/manifest")
    assert response.status_code == 409
    assert response.json()["code"] == "conflict"


def test_a_number_is_no_job(api: APIClient) -> None:
    response = api.get(f"{JOBS}/1")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"
