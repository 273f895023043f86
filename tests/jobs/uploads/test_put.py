"""JSON announces an upload, PUT sends it: whole, or in parts that say where they belong."""

import hashlib

import pytest

from jobs.models import Job, Source, Upload
from tests.factories import wav_bytes
from tests.jobs.uploads.conftest import Stored
from tests.jobs.uploads.sender import UPLOADS, Sender, checksum

SONG = wav_bytes()


def test_one_put_makes_the_job(sender: Sender, stored: Stored) -> None:
    made = sender.announce(len(SONG), "../Night train.wav", options={"separator": "spectral"})
    assert made.status_code == 201
    assert made.headers["Location"] == made.json()["url"]
    assert (made.json()["name"], made.json()["offset"]) == ("Night train.wav", 0)
    done = sender.put(made.json()["url"], SONG)
    job = Job.objects.get()
    assert (done.status_code, done.json()["job_id"]) == (200, str(job.pk))
    assert done.json()["job_url"] == f"/api/v1/jobs/{job.pk}"
    assert done.json()["source_id"] == str(job.source_id)
    assert stored() == [job.source.path]
    assert sender.look(made.json()["url"])["is_complete"]


def test_parts_say_where_they_belong(sender: Sender) -> None:
    url = sender.announce(len(SONG)).json()["url"]
    first = sender.put(url, SONG[:9000], **{"Content-Range": f"bytes 0-8999/{len(SONG)}"})
    assert (first.status_code, first.json()["offset"]) == (200, 9000)
    assert not first.json()["is_complete"]
    rest = sender.put(url, SONG[9000:], **{"Upload-Offset": "9000"})
    assert rest.json()["is_complete"]
    assert Source.objects.get().path.read_bytes() == SONG


def test_a_put_of_the_whole_file_begins_anew(sender: Sender) -> None:
    url = sender.announce(len(SONG)).json()["url"]
    sender.put(url, b"x" * 9000, **{"Upload-Offset": "0"})
    assert sender.put(url, SONG).json()["is_complete"]
    source = Source.objects.get()
    assert source.path.read_bytes() == SONG
    assert source.sha256 == hashlib.sha256(SONG).hexdigest()


@pytest.mark.parametrize(
    ("headers", "sent", "status"),
    [
        ({}, SONG[:-1], 400),
        ({}, SONG + b"x", 413),
        ({"Content-Range": "bytes 0-9/10"}, SONG[:10], 400),
        ({"Content-Range": f"bytes 0-10/{len(SONG)}"}, SONG[:10], 400),
        ({"Content-Range": "all of it"}, SONG[:10], 400),
        ({"Content-Range": f"bytes 5-14/{len(SONG)}"}, SONG[5:15], 409),
        ({"Upload-Offset": "5"}, SONG[5:15], 409),
        ({"Upload-Checksum": checksum("md5", b"else")}, SONG, 460),
    ],
)
def test_what_does_not_fit_the_announcement_is_not_taken(
    sender: Sender, headers: dict[str, str], sent: bytes, status: int
) -> None:
    url = sender.announce(len(SONG)).json()["url"]
    assert sender.put(url, sent, **headers).status_code == status
    assert sender.look(url)["offset"] == 0


def test_a_part_of_another_size_than_all_is_not_taken_for_the_whole(sender: Sender) -> None:
    url = sender.announce(len(SONG)).json()["url"]
    sender.put(url, SONG[:100], **{"Upload-Offset": "0"})
    assert sender.put(url, SONG[:50]).status_code == 400
    assert sender.look(url)["offset"] == 100


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "a.wav"}, 400, "invalid"),
        ({"size_bytes": 10}, 400, "invalid"),
        ({"name": "a.wav", "size_bytes": -1}, 400, "invalid"),
        ({"name": "a.wav", "size_bytes": 0}, 400, "empty_audio"),
        ({"name": "a.wav", "size_bytes": 10**12}, 413, "too_large"),
        ({"name": "a.wav", "size_bytes": 10, "options": []}, 400, "invalid"),
        ({"name": "a.wav", "size_bytes": 10, "options": {"formt": "mp3"}}, 400, "invalid_options"),
        ({"name": "a.wav", "size_bytes": 10, "options": {"stems": {"a": 1}}},
         400, "invalid_options"),
        ({"name": "a.wav", "size_bytes": 10, "options": {"repo": "/etc"}}, 400, "invalid_options"),
    ],
)  # fmt: skip
def test_an_announcement_that_cannot_be_met_reserves_nothing(
    sender: Sender, body: object, status: int, code: str
) -> None:
    answer = sender.client.post(UPLOADS, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Upload.objects.exists()


def test_only_unfinished_uploads_are_listed(sender: Sender) -> None:
    done, half = (sender.announce(len(SONG), name).json()["url"] for name in ("a.wav", "b.wav"))
    sender.put(done, SONG)
    sender.put(half, SONG[:10], **{"Upload-Offset": "0"})
    listed = sender.client.get(UPLOADS).json()
    assert [(each["name"], each["offset"]) for each in listed] == [("b.wav", 10)]
