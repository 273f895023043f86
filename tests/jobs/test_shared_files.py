"""A file with two names: both are there wherever tracks are, its bytes count once."""

import io
import json
import zipfile

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.models import Artifact, Job
from jobs.models.job import JobStatus
from jobs.queue.lease import Lease
from jobs.services.account.contents import contents_of
from jobs.services.archive import job_zip, tracks_zip
from jobs.services.quotas.usage import stored_bytes
from jobs.services.storage.integrity import scrub
from jobs.worker.outcome import ARTIFACT_FIELDS, complete
from tests.factories import make_artifact, make_job
from tests.jobs.api.conftest import client_of

NOTE = "The song without vocals: drums + bass + other."


@pytest.fixture
def job(owner: User) -> Job:
    job = make_job(status=JobStatus.COMPLETED, manifest={"job_id": "here"})
    fields = {"stage_name": "composite", "path": "composite/main.wav", "note": NOTE}
    make_artifact(job, "vocals")
    make_artifact(job, "main", **fields)
    make_artifact(job, "instrumental", **fields, same_as="main")
    return job


def test_a_worker_writes_down_both_names(owner: User) -> None:
    job = make_job(status=JobStatus.PROCESSING)
    record = dict.fromkeys(ARTIFACT_FIELDS, 1) | {"path": "composite/main.wav"}
    record |= {"stage": "composite", "note": NOTE, "sha256": "0" * 64, "format": "wav24"}
    records = [
        {**record, "name": "main", "same_as": None},
        {**record, "name": "instrumental", "same_as": "main"},
        # As a runner of an earlier version tells it.
        {**{key: record[key] for key in record if key != "note"}, "name": "old"},
    ]
    complete(Lease(job), {"artifacts": records})
    rows = Artifact.objects.filter(job=job).values_list("name", "same_as", "note", "path")
    assert list(rows) == [
        ("main", "", NOTE, "composite/main.wav"),
        ("instrumental", "main", NOTE, "composite/main.wav"),
        ("old", "", "", "composite/main.wav"),
    ]


def test_its_bytes_count_once(job: Job, client: Client) -> None:
    size = job.artifacts.get(name="main").size_bytes
    assert stored_bytes([job.owner_id]) == job.source.size_bytes + 2 * size
    assert contents_of(job.owner).size_bytes == job.source.size_bytes + 2 * size
    client.force_login(job.owner)
    answer = client.get(reverse("jobs:detail", args=[job.pk]))
    assert answer.context["total_bytes"] == 2 * size


def test_it_is_downloaded_by_either_name(job: Job, owner: User) -> None:
    wanted, api = job.artifacts.get(name="main").file.read_bytes(), client_of(owner)
    for name in ("main", "instrumental"):
        answer = api.get(f"/api/v1/jobs/{job.pk}/download/{name}")
        assert b"".join(answer.streaming_content) == wanted  # type: ignore[attr-defined]
        assert f"Song - {name}.wav" in answer["Content-Disposition"]


def test_the_api_tells_what_it_is_and_of_what_it_is_the_same(job: Job, owner: User) -> None:
    rows = client_of(owner).get(f"/api/v1/jobs/{job.pk}/outputs").json()["outputs"]
    told = {row["name"]: (row["note"], row["same_as"], row["path"]) for row in rows}
    assert told["main"] == (NOTE, "", "composite/main.wav")
    assert told["instrumental"] == (NOTE, "main", "composite/main.wav")
    assert told["vocals"] == ("", "", "spectral_output/vocals.wav")


def test_the_page_says_what_main_is_and_that_the_other_is_the_same_file(
    job: Job, client: Client
) -> None:
    client.force_login(job.owner)
    page = client.get(reverse("jobs:detail", args=[job.pk])).content.decode()
    assert page.count(NOTE) == 2
    assert page.count("The same file as Main.") == 1


def test_the_zip_holds_it_once_and_names_both(job: Job) -> None:
    stream, length, _ = job_zip(job)
    data = b"".join(stream)
    assert len(data) == length
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert set(archive.namelist()) == {
            "Song/vocals.wav", "Song/main.wav", "Song/names.txt", "Song/manifest.json",
        }  # fmt: skip
        said = archive.read("Song/names.txt").decode()
    assert said == "instrumental is main.wav: they are the same sound.\n"


def test_a_zip_without_the_first_name_has_the_file_under_the_other(job: Job) -> None:
    chosen = list(job.artifacts.exclude(name="main"))
    with zipfile.ZipFile(io.BytesIO(b"".join(tracks_zip(chosen).stream))) as archive:
        assert set(archive.namelist()) == {"Song/vocals.wav", "Song/instrumental.wav"}


def test_damage_is_found_once_and_told_of_both_names(job: Job, client: Client) -> None:
    job.artifacts.get(name="main").file.write_bytes(b"other bytes")
    done = scrub(everything=True)
    assert (done.files, done.damaged) == (2, [f"{job.pk}: composite/main.wav"])
    assert set(job.artifacts.filter(is_damaged=True).values_list("name", flat=True)) == {
        "main", "instrumental",
    }  # fmt: skip


def test_the_export_of_an_account_names_both(job: Job, client: Client) -> None:
    client.force_login(job.owner)
    answer = client.get("/api/v1/account/export")
    told = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    tracks = {track["name"]: track["same_as"] for track in told["jobs"][0]["tracks"]}
    assert tracks == {"vocals": "", "main": "", "instrumental": "main"}
