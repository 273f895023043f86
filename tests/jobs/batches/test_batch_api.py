"""Batches by the API: made, filled in every way that a song can come, read, steered, deleted."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.models import Batch, Job
from tests.factories import make_artifact, make_job, make_source, wav_bytes
from tests.jobs.batches.world import make_batch

BATCHES = "/api/v1/batches"
SONG = wav_bytes(0.2)
NOBODYS = "0b7f4f4e-5c2f-4d0c-9a63-6f1f7a0c1c11"
CHOICES = {"separator": "spectral", "stages": ["separation"]}


def create(api: APIClient, **fields: Any) -> Any:
    return api.post(BATCHES, fields, format="json")


def test_a_batch_is_made_filled_and_read(api: APIClient) -> None:
    made = create(api, name="Live  set")
    assert made.status_code == 201 and made["Location"] == f"{BATCHES}/{made.data['batch_id']}"
    assert made.data["name"] == "Live set" and made.data["is_done"] is False
    batch = made.data["batch_id"]
    form = {**CHOICES, "file": SimpleUploadedFile("a.wav", SONG), "batch": batch}
    jobs = [
        api.post("/api/v1/jobs", form, format="multipart"),
        api.post(
            f"/api/v1/jobs?separator=spectral&filename=b.wav&batch={batch}",
            wav_bytes(0.2, seed=2),
            content_type="application/octet-stream",
        ),
    ]
    known = {**CHOICES, "source_id": jobs[0].data["input"]["id"], "batch": batch}
    jobs.append(api.post("/api/v1/jobs", known, format="json"))
    assert [job.status_code for job in jobs] == [201] * 3
    assert {job.data["batch"] for job in jobs} == {batch}
    read = api.get(made["Location"])
    assert read.data["songs"] == 3 and read.data["counts"]["pending"] == 3
    assert api.get(made["Location"], headers={"If-None-Match": read["ETag"]}).status_code == 304
    assert api.get(read.data["jobs_url"]).data["count"] == 3


def test_an_upload_in_pieces_brings_its_song_into_the_batch(api: APIClient) -> None:
    batch = create(api).data["batch_id"]
    announced = {"name": "a.wav", "size_bytes": len(SONG), "options": CHOICES, "batch": batch}
    upload = api.post("/api/v1/uploads", announced, format="json").data
    assert upload["batch"] == batch
    assert api.get(f"{BATCHES}/{batch}").data["counts"]["uploading"] == 1
    api.put(upload["url"], SONG, content_type="application/octet-stream")
    counts = api.get(f"{BATCHES}/{batch}").data["counts"]
    assert (counts["uploading"], counts["pending"]) == (0, 1)


def test_a_batch_needs_an_upload_that_becomes_a_job(api: APIClient) -> None:
    announced = {"name": "a.wav", "size_bytes": 9, "batch": create(api).data["batch_id"]}
    refused = api.post("/api/v1/uploads", announced, format="json")
    assert refused.status_code == 400 and "send `options` too" in refused.data["detail"]


def test_the_list_has_each_with_its_counts(api: APIClient, owner: User, stranger: User) -> None:
    make_batch("completed", "failed")
    make_batch("pending", name="Newer")
    make_batch("completed", owner=stranger, name="Theirs")
    listed = api.get(BATCHES).data["results"]
    told = [(batch["name"], batch["percent"], batch["is_done"]) for batch in listed]
    assert told == [("Newer", 0.0, False), ("Rehearsal", 100.0, True)]


def test_it_is_renamed_and_asked_to_tell(api: APIClient, reachable: User) -> None:
    address = f"{BATCHES}/{make_batch('completed').pk}"
    changed = api.patch(address, {"name": "Encore", "notify_by_email": True}, format="json")
    assert (changed.data["name"], changed.data["notify_by_email"]) == ("Encore", True)
    assert api.patch(address, {}, format="json").data["name"] == "Encore"


def test_its_songs_run_again_are_cancelled_downloaded_and_deleted(
    api: APIClient, django_capture_on_commit_callbacks: Any
) -> None:
    batch = make_batch("completed", "failed", "failed")
    make_artifact(batch.jobs.get(status="completed"), "vocals")
    gone = batch.jobs.filter(status="failed")[0]
    gone.source.path.unlink()
    address = f"{BATCHES}/{batch.pk}"
    again = api.post(f"{address}/retry").data
    assert again["done"] == 1 and again["batch"]["counts"]["pending"] == 1
    assert [refused["job_id"] for refused in again["refused"]] == [gone.pk]
    assert api.delete(address).status_code == 409
    assert api.post(f"{address}/cancel").data["done"] == 1
    archive = api.get(f"{address}/download/all")
    assert archive["Content-Type"] == "application/zip"
    assert archive.getvalue().startswith(b"PK")
    assert api.delete(address).status_code == 204
    assert not Batch.objects.exists() and not Job.objects.exists()
    assert api.get(address).status_code == 404


def test_without_a_finished_song_there_is_nothing_to_download(api: APIClient) -> None:
    batch = make_batch("failed")
    assert api.get(f"{BATCHES}/{batch.pk}/download/all").status_code == 409


@pytest.mark.parametrize(
    ("fields", "reason"),
    (
        ({"name": "x" * 81}, "80"),
        ({"notify_by_email": "perhaps"}, "boolean"),
        ({"notify_by_email": True}, "This site sends no e-mail"),
    ),
)
def test_bad_wishes_are_refused_in_words(
    api: APIClient, fields: dict[str, Any], reason: str
) -> None:
    refused = create(api, **fields)
    assert refused.status_code == 400 and reason in refused.data["detail"]
    assert not Batch.objects.exists()


@pytest.mark.parametrize(("batch", "status"), (("nonsense", 400), (NOBODYS, 404)))
def test_a_batch_that_is_not_there_takes_no_song(
    api: APIClient, owner: User, batch: str, status: int
) -> None:
    known = {**CHOICES, "source_id": str(make_source(owner=owner).pk), "batch": batch}
    assert api.post("/api/v1/jobs", known, format="json").status_code == status
    upload = {"name": "a.wav", "size_bytes": 9, "options": CHOICES, "batch": batch}
    assert api.post("/api/v1/uploads", upload, format="json").status_code == status
    form = {**CHOICES, "file": SimpleUploadedFile("a.wav", SONG), "batch": batch}
    assert api.post("/api/v1/jobs", form, format="multipart").status_code == status
    assert not Job.objects.exists()


def test_a_full_batch_and_too_many_empty_ones_are_refused(
    api: APIClient, owner: User, settings: Settings
) -> None:
    settings.MAX_BATCH_SONGS, settings.MAX_EMPTY_BATCHES = 2, 1
    batch = make_batch("completed", "completed")
    known = {**CHOICES, "source_id": str(make_source(owner=owner).pk), "batch": str(batch.pk)}
    refused = api.post("/api/v1/jobs", known, format="json")
    assert refused.status_code == 409 and "a batch may hold no more" in refused.data["detail"]
    assert create(api).status_code == 201
    assert create(api).status_code == 429


def test_songs_of_others_and_batches_of_others_do_not_exist(
    api: APIClient, owner: User, stranger: User
) -> None:
    theirs = make_batch("completed", "failed", owner=stranger)
    address = f"{BATCHES}/{theirs.pk}"
    for method, path in (
        ("get", address),
        ("patch", address),
        ("delete", address),
        ("post", f"{address}/retry"),
        ("post", f"{address}/cancel"),
        ("get", f"{address}/download/all"),
    ):
        assert getattr(api, method)(path).status_code == 404, path
        assert getattr(APIClient(), method)(path).status_code == 401, path
    known = {**CHOICES, "source_id": str(make_source(owner=owner).pk), "batch": str(theirs.pk)}
    assert api.post("/api/v1/jobs", known, format="json").status_code == 404
    assert theirs.jobs.count() == 2
    assert api.get("/api/v1/jobs", {"batch": str(theirs.pk)}).data["count"] == 0
    assert make_job(owner=owner).batch_id is None
