"""Cancelled means cancelled, wherever the upload is when the wish comes."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from jobs.errors import UploadGone
from jobs.models import Job, Source, Upload
from jobs.models.job import JobStatus
from jobs.services.housekeeping.expire import expire_uploads
from jobs.services.sources import upload_parts
from jobs.services.sources.receive_source import probe_part
from jobs.services.sources.upload_parts import held_part
from jobs.services.uploads import session
from tests.factories import make_source, wav_bytes
from tests.jobs.uploads.conftest import Stored
from tests.jobs.uploads.sender import TUS, Sender

SONG = wav_bytes()
SPECTRAL = {"separator": "spectral"}


def begun(sender: Sender) -> tuple[str, Upload]:
    address = sender.address(len(SONG), options=SPECTRAL)
    return address, Upload.objects.get()


def queued(sender: Sender) -> tuple[str, Job]:
    address, _ = begun(sender)
    assert sender.patch(address, SONG).status_code == 204
    return address, Job.objects.get()


def cancel(sender: Sender, address: str) -> None:
    assert sender.client.delete(address, headers=TUS).status_code == 204


def cancel_page(client: Client, upload: Upload) -> Any:
    return client.post(reverse("jobs:upload-cancel", args=[upload.pk]))


def test_while_the_song_is_looked_at_no_job_comes_of_it(
    sender: Sender, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _ = begun(sender)

    def cancelled_meanwhile(part: Any) -> Any:
        facts = probe_part(part)
        cancel(sender, address)
        assert sender.client.head(address, headers=TUS).status_code == 404
        return facts

    monkeypatch.setattr(session, "probe_part", cancelled_meanwhile)
    answer = sender.patch(address, SONG)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "cancelled" in answer.json()["detail"]
    assert (Job.objects.count(), Source.objects.count(), Upload.objects.count()) == (0, 0, 0)
    assert stored() == []


def test_just_after_the_job_was_made_the_job_is_cancelled(sender: Sender) -> None:
    address, job = queued(sender)
    cancel(sender, address)
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert job.source.path.is_file()
    assert sender.client.delete(address, headers=TUS).status_code == 404
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED


def test_a_job_that_runs_already_is_asked_to_stop(sender: Sender) -> None:
    address, job = queued(sender)
    held = {"lease_token": uuid.uuid4(), "lease_until": timezone.now(), "worker": "test"}
    Job.objects.filter(pk=job.pk).update(status=JobStatus.PROCESSING, **held)
    cancel(sender, address)
    job.refresh_from_db()
    assert job.cancel_requested_at is not None


def test_a_job_that_has_ended_stays_as_it_is(sender: Sender, client: Client, owner: User) -> None:
    _, job = queued(sender)
    Job.objects.filter(pk=job.pk).update(status=JobStatus.COMPLETED)
    client.force_login(owner)
    answer = cancel_page(client, Upload.objects.get())
    assert answer.json() == {"state": "ended", "url": reverse("jobs:detail", args=[job.pk])}
    job.refresh_from_db()
    assert job.status == JobStatus.COMPLETED


def test_the_page_hears_what_became_of_it(sender: Sender, client: Client, owner: User) -> None:
    client.force_login(owner)
    _, upload = begun(sender)
    assert cancel_page(client, upload).json() == {"state": "cancelled", "url": ""}
    again = cancel_page(client, upload)
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    _, job = queued(sender)
    told = cancel_page(client, Upload.objects.get()).json()
    assert told == {"state": "cancelled", "url": reverse("jobs:detail", args=[job.pk])}


@pytest.mark.parametrize("name", ["stranger", None])
def test_nobody_else_cancels_it(
    sender: Sender, client: Client, stranger: User, name: str | None
) -> None:
    _, job = queued(sender)
    if name:
        client.force_login(stranger)
    assert cancel_page(client, Upload.objects.get()).status_code == (404 if name else 401)
    job.refresh_from_db()
    assert job.status == JobStatus.PENDING


def test_a_song_that_is_known_is_not_separated_after_it(sender: Sender, owner: User) -> None:
    make_source(owner=owner, content=SONG)
    address, upload = begun(sender)
    sender.patch(address, SONG)
    cancel(sender, address)
    with pytest.raises(UploadGone):
        session.create_job_of_duplicate(upload)
    assert not Job.objects.exists()


def test_what_another_request_sends_is_removed_when_that_ends(
    sender: Sender, stored: Stored
) -> None:
    address, upload = begun(sender)

    def arriving() -> Iterator[bytes]:
        yield SONG[:100]
        cancel(sender, address)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        session.receive(upload, chunks=arriving(), offset=0)
    assert (stored(), Upload.objects.count()) == ([], 0)


def test_a_long_one_that_still_arrives_ends_before_its_last_byte(
    sender: Sender, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_parts, "NOTED_EVERY_S", -1.0)
    address, upload = begun(sender)

    def arriving() -> Iterator[bytes]:
        yield SONG[:100]
        cancel(sender, address)
        yield SONG[100:200]
        pytest.fail("more was asked for")

    with pytest.raises(UploadGone):
        session.receive(upload, chunks=arriving(), offset=0)
    assert (stored(), Upload.objects.count()) == ([], 0)


def test_what_a_killed_request_left_is_swept(sender: Sender, stored: Stored) -> None:
    address, upload = begun(sender)
    sender.patch(address, SONG[:100])
    with held_part(upload):
        cancel(sender, address)
    # Nobody came back to it: not even its lock is left after the sweep.
    assert [file.suffix for file in stored()] == [".lock", ".part"]
    assert expire_uploads() == 1
    assert (stored(), Upload.objects.count()) == ([], 0)
