"""An upload is its owner's alone, and a page's request proves that the page is ours."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from jobs.models import Job, Source, Upload
from tests.factories import make_source, wav_bytes
from tests.jobs.uploads.sender import TUS, UPLOADS, Sender

SONG = wav_bytes()


def everything(sender: Sender, address: str) -> list[Any]:
    return [
        sender.client.get(address),
        sender.client.head(address, headers=TUS),
        sender.patch(address, SONG[:10], 100),
        sender.put(address, SONG),
        sender.client.delete(address, headers=TUS),
    ]


def test_for_a_stranger_the_upload_does_not_exist(sender: Sender, strangers_sender: Sender) -> None:
    address = sender.address(len(SONG))
    sender.patch(address, SONG[:100])
    answers = everything(strangers_sender, address)
    nowhere = everything(strangers_sender, f"{UPLOADS}/{uuid.uuid4()}")
    assert [answer.status_code for answer in answers] == [404] * 5
    assert [answer.content for answer in answers] == [answer.content for answer in nowhere]
    assert strangers_sender.client.get(UPLOADS).json() == []
    assert sender.offset(address) == 100


def test_a_strangers_song_makes_no_job(strangers_sender: Sender, owner: User) -> None:
    body = {"source_id": str(make_source(owner=owner).pk), "separator": "spectral"}
    answer = strangers_sender.client.post("/api/v1/jobs", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert not Job.objects.exists()


def test_nobody_gets_in_without_a_token_or_a_session(sender: Sender) -> None:
    address = sender.address(len(SONG))
    nobody = Sender(APIClient())
    answers = [*everything(nobody, address), nobody.create(10), nobody.announce(10)]
    answers.append(nobody.client.get(UPLOADS))
    assert {answer.status_code for answer in answers} == {401}
    assert Upload.objects.get().offset == 0


def test_a_session_sends_with_its_csrf_token_and_not_without(owner: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(owner)
    sender = Sender(client)
    assert sender.create(len(SONG)).status_code == 403
    client.get("/")
    told: dict[str, Any] = {"X-CSRFToken": client.cookies["csrftoken"].value}
    address = sender.create(len(SONG), **told).headers["Location"]
    assert sender.patch(address, SONG).status_code == 403
    assert client.delete(address, headers=TUS).status_code == 403
    assert sender.patch(address, SONG, **told).status_code == 204
    assert Source.objects.get().owner == owner


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_overridden_method_is_checked_like_any_other(owner: User, method: str) -> None:
    upload = Upload.objects.create(
        owner=owner, name="a", size_bytes=10, expires_at=Upload.fresh_expiry()
    )
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(owner)
    told = {**TUS, "X-HTTP-Method-Override": method, "Upload-Offset": "0"}
    assert client.post(f"{UPLOADS}/{upload.pk}", headers=told).status_code == 403
