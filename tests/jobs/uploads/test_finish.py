"""What becomes of an upload with its last byte: a song, a refusal, or a song known already."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from jobs.models import Job, Source, Upload
from jobs.services.sources.receive_source import probe_part
from jobs.services.uploads import session as service
from tests.factories import make_job, make_source, wav_bytes
from tests.jobs.uploads.conftest import Stored
from tests.jobs.uploads.sender import TUS, Sender

SONG = wav_bytes()
SPECTRAL = {"separator": "spectral"}


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"no music here, only words" * 20, 415, "unsupported_format"),
        (SONG[:30], 400, "corrupt_audio"),
    ],
)
@pytest.mark.parametrize("options", [None, SPECTRAL])
def test_what_is_no_song_is_refused_by_name_and_leaves_nothing(
    sender: Sender, stored: Stored, data: bytes, status: int, code: str, options: Any
) -> None:
    address = sender.address(len(data), options=options)
    assert sender.patch(address, data[:10]).status_code == 204
    answer = sender.patch(address, data[10:], 10)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (stored(), Upload.objects.count(), Source.objects.count()) == ([], 0, 0)
    assert sender.client.head(address, headers=TUS).status_code == 404


def test_a_job_too_many_is_refused_before_a_byte_and_at_the_end(
    sender: Sender, stored: Stored, owner: User, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    address = sender.address(len(SONG), options=SPECTRAL)
    other = make_job(owner=owner, source=make_source(owner=owner, content=wav_bytes(seed=2)))
    assert sender.create(len(SONG), options=SPECTRAL).status_code == 429
    answer = sender.patch(address, SONG)
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_exceeded")
    assert (stored(), Upload.objects.count()) == ([other.source.path], 0)


def test_the_same_song_again_is_recognised_and_offered(
    sender: Sender, stored: Stored, owner: User
) -> None:
    first = make_source(owner=owner, content=SONG)
    address = sender.address(len(SONG), name="Another name.wav", options=SPECTRAL)
    assert sender.patch(address, SONG).status_code == 204
    seen = sender.look(address)
    assert (seen["is_complete"], seen["is_duplicate"]) == (True, True)
    assert (seen["source_id"], seen["job_id"]) == (str(first.pk), None)
    assert (stored(), Source.objects.count(), Job.objects.count()) == ([first.path], 1, 0)
    made = sender.client.post("/api/v1/jobs", {"source_id": seen["source_id"]}, format="json")
    assert made.status_code == 201
    assert Job.objects.get().source == first


def test_the_same_song_of_somebody_else_is_as_new_as_any(
    sender: Sender, strangers_sender: Sender
) -> None:
    answers = []
    for each in (sender, strangers_sender):
        address = each.address(len(SONG), options=SPECTRAL)
        answers.append(each.patch(address, SONG))
        seen = each.look(address)
        assert (seen["is_duplicate"], seen["job_id"] is None) == (False, False)
    assert answers[0].status_code == answers[1].status_code == 204
    mine, theirs = (answer.headers.keys() for answer in answers)
    assert mine == theirs
    assert Source.objects.count() == 2


def test_a_song_whose_file_is_gone_is_no_song_to_offer(sender: Sender, owner: User) -> None:
    make_source(owner=owner, content=SONG).path.unlink()
    address = sender.address(len(SONG))
    sender.patch(address, SONG)
    assert sender.look(address)["is_duplicate"] is False


def test_a_song_that_is_sent_and_queued_in_one_request_says_so_too(
    sender: Sender, strangers_sender: Sender
) -> None:
    def send(each: Sender) -> Any:
        return each.client.post("/api/v1/jobs", SONG, content_type="audio/wav").json()

    first, again, strangers = send(sender), send(sender), send(strangers_sender)
    assert first["same_song"] is None
    assert again["same_song"] == first["input"]["id"]
    assert strangers["same_song"] is None


def test_two_uploads_of_one_song_that_end_at_once_are_one_song(
    sender: Sender, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (sender.address(len(SONG), options=SPECTRAL) for _ in range(2))
    probe = probe_part

    def other_ends_meanwhile(part: Any) -> Any:
        monkeypatch.setattr(service, "probe_part", probe)
        assert sender.patch(second, SONG).status_code == 204
        return probe(part)

    monkeypatch.setattr(service, "probe_part", other_ends_meanwhile)
    assert sender.patch(first, SONG).status_code == 204
    assert [sender.look(each)["is_duplicate"] for each in (first, second)] == [True, False]
    assert (Source.objects.count(), Job.objects.count(), len(stored())) == (1, 1, 1)
