"""tus 1.0.0: creation, offsets, checksums, expiry, termination."""

from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Job, Source, Upload
from tests.factories import wav_bytes
from tests.jobs.uploads.conftest import Stored
from tests.jobs.uploads.sender import TUS, UPLOADS, Sender, checksum, encoded

SONG = wav_bytes()


def test_a_song_arrives_in_three_pieces_and_becomes_a_job(sender: Sender, stored: Stored) -> None:
    made = sender.create(len(SONG), "Müller Lied.wav", {"separator": "spectral", "format": "mp3"})
    assert made.status_code == 201
    address = made.headers["Location"]
    assert sender.offset(address) == 0
    for start in range(0, len(SONG), 40_000):
        piece = SONG[start : start + 40_000]
        answer = sender.patch(address, piece, start)
        assert answer.status_code == 204
        assert answer.headers["Upload-Offset"] == str(start + len(piece))
        assert sender.offset(address) == start + len(piece)
    job = Job.objects.get()
    assert (job.separator, job.request["format"]) == ("spectral", "mp3")
    assert job.source.original_name == "Müller Lied.wav"
    assert job.source.path.read_bytes() == SONG
    assert stored() == [job.source.path]
    seen = sender.look(address)
    assert (seen["is_complete"], seen["job_id"]) == (True, str(job.pk))


def test_without_options_a_program_makes_the_job_itself(sender: Sender) -> None:
    address = sender.address(len(SONG))
    sender.patch(address, SONG)
    seen = sender.look(address)
    assert (seen["is_complete"], seen["job_id"]) == (True, None)
    assert not Job.objects.exists()
    choices = {"source_id": seen["source_id"], "separator": "spectral", "stems": ["vocals", "bass"]}
    made = sender.client.post("/api/v1/jobs", {**choices, "minus": True}, format="json")
    assert made.status_code == 201, made.json()
    assert made.json()["input"]["id"] == seen["source_id"]
    job = Job.objects.get()
    assert (job.request["stems"], job.request["minus"]) == (["vocals", "bass"], True)


def test_the_first_bytes_may_come_with_the_creation(sender: Sender) -> None:
    told = {**TUS, "Upload-Length": str(len(SONG)), "Upload-Metadata": f"filename {encoded('a')}"}
    made = sender.client.post(
        UPLOADS, SONG[:1000], content_type="application/offset+octet-stream", headers=told
    )
    assert (made.status_code, made.headers["Upload-Offset"]) == (201, "1000")
    assert sender.offset(made.headers["Location"]) == 1000


def test_the_server_says_what_it_can_do(sender: Sender, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 12345
    answer = sender.client.options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == "12345"
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha256,sha1,md5"
    extensions = set(answer.headers["Tus-Extension"].split(","))
    assert extensions == {
        "creation", "creation-with-upload", "expiration", "checksum", "termination"
    }  # fmt: skip


def test_a_page_of_an_allowed_site_may_ask_and_read_what_tus_needs(
    sender: Sender, settings: Settings
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://elsewhere.example.org"]
    origin = {"Origin": "https://elsewhere.example.org"}
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "x"}
    allowed = sender.client.options(UPLOADS, headers={**origin, **asked}).headers
    assert "PATCH" in allowed["access-control-allow-methods"]
    for name in ("tus-resumable", "upload-offset", "upload-checksum"):
        assert name in allowed["access-control-allow-headers"]
    shown = sender.client.options(UPLOADS, headers=origin).headers["access-control-expose-headers"]
    assert {"Location", "Upload-Offset", "Upload-Expires"} <= set(shown.split(", "))


@pytest.mark.parametrize("version", ["0.2.2", ""])
def test_another_version_is_refused_and_nothing_changes(sender: Sender, version: str) -> None:
    address = sender.address(len(SONG))
    old: dict[str, Any] = {"Tus-Resumable": version}
    answers = [
        sender.patch(address, SONG, **old),
        sender.client.head(address, headers=old),
        sender.client.delete(address, headers=old),
        sender.create(10, **old),
    ]
    assert [answer.status_code for answer in answers] == [412] * 4
    assert all(answer.headers["Tus-Version"] == "1.0.0" for answer in answers)
    assert answers[0].json()["code"] == "unsupported_tus_version"
    assert (Upload.objects.count(), sender.offset(address)) == (1, 0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": "many"}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": ""}, 400),
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Length": "600000000"}, 413),
        ({"Upload-Length": "9" * 18}, 413),
        ({"Upload-Metadata": "filename ???"}, 400),
        ({"Upload-Metadata": "filename \xe9"}, 400),
        ({"Upload-Metadata": "options " + encoded("[" * 5000)}, 400),
        ({"Upload-Metadata": "options " + encoded("{")}, 400),
        ({"Upload-Metadata": "options " + encoded("[]")}, 400),
        ({"Upload-Metadata": "options " + encoded('{"format": "wma"}')}, 400),
    ],
)
def test_a_creation_that_cannot_be_met_reserves_nothing(
    sender: Sender, headers: dict[str, str], status: int
) -> None:
    assert sender.create(1000, **headers).status_code == status
    assert not Upload.objects.exists()


def test_bytes_at_another_offset_are_refused_and_not_taken(sender: Sender) -> None:
    address = sender.address(len(SONG))
    sender.patch(address, SONG[:1000])
    for offset in (0, 999, 1001):
        answer = sender.patch(address, SONG[1000:2000], offset)
        assert (answer.status_code, answer.json()["code"]) == (409, "offset_mismatch")
    assert sender.offset(address) == 1000


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Offset": "x"}, 400),
        ({"Upload-Offset": "-1"}, 400),
        ({"Content-Type": "audio/wav"}, 415),
        ({"Upload-Checksum": "crc32 AAAA"}, 400),
        ({"Upload-Checksum": "sha1 *"}, 400),
    ],
)
def test_a_piece_that_cannot_be_understood_is_not_taken(
    sender: Sender, headers: dict[str, Any], status: int
) -> None:
    address = sender.address(len(SONG))
    assert sender.patch(address, SONG[:1000], **headers).status_code == status
    assert sender.offset(address) == 0


def test_more_bytes_than_announced_are_refused_unread(sender: Sender) -> None:
    address = sender.address(1000)
    answer = sender.patch(address, SONG[:1001])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert sender.offset(address) == 0


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_a_checksum_that_fits_is_accepted(sender: Sender, algorithm: str) -> None:
    address = sender.address(len(SONG))
    said: dict[str, Any] = {"Upload-Checksum": checksum(algorithm, SONG[:5000])}
    assert sender.patch(address, SONG[:5000], **said).status_code == 204
    assert sender.offset(address) == 5000


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_bytes_with_another_checksum_are_thrown_away(sender: Sender, algorithm: str) -> None:
    address = sender.address(len(SONG))
    sender.patch(address, SONG[:1000])
    said = {"Upload-Checksum": checksum(algorithm, b"something else")}
    answer = sender.patch(address, SONG[1000:9000], 1000, **said)
    assert (answer.status_code, answer.json()["code"]) == (460, "checksum_mismatch")
    assert sender.offset(address) == 1000
    # What follows is not confused by what was thrown away.
    sender.patch(address, SONG[1000:], 1000)
    assert Source.objects.get().path.read_bytes() == SONG


def test_an_upload_says_when_it_expires_and_each_byte_puts_that_off(
    sender: Sender, settings: Settings
) -> None:
    settings.UPLOAD_HOURS = 3
    made = sender.create(len(SONG))
    expires = parsedate_to_datetime(made.headers["Upload-Expires"])
    assert abs(expires - timezone.now() - timedelta(hours=3)) < timedelta(minutes=1)
    Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=5))
    answer = sender.patch(made.headers["Location"], SONG[:10])
    assert parsedate_to_datetime(answer.headers["Upload-Expires"]) >= expires


def test_an_expired_upload_is_gone(sender: Sender) -> None:
    address = sender.address(len(SONG))
    Upload.objects.update(expires_at=timezone.now())
    assert sender.client.head(address, headers=TUS).status_code == 404
    assert sender.patch(address, SONG).status_code == 404


def test_a_terminated_upload_leaves_nothing(sender: Sender, stored: Stored) -> None:
    address = sender.address(len(SONG))
    sender.patch(address, SONG[:1000])
    assert sender.client.delete(address, headers=TUS).status_code == 204
    assert (stored(), Upload.objects.count()) == ([], 0)
    assert sender.client.delete(address, headers=TUS).status_code == 404
    assert sender.patch(address, SONG).status_code == 404
    assert stored() == []


def test_an_old_proxy_is_got_around_by_naming_the_method(sender: Sender) -> None:
    address = sender.address(len(SONG))
    told = {**TUS, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    answer = sender.client.post(
        address, SONG[:7], content_type="application/offset+octet-stream", headers=told
    )
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "7")
    gone = sender.client.post(address, headers={**TUS, "X-HTTP-Method-Override": "DELETE"})
    assert gone.status_code == 204
    assert sender.client.post(address).status_code == 405


def test_a_whole_upload_takes_no_more(sender: Sender, stored: Stored) -> None:
    address = sender.address(len(SONG))
    sender.patch(address, SONG)
    again = sender.patch(address, b"", len(SONG))
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert sender.offset(address) == len(SONG)
    sender.client.delete(address, headers=TUS)
    assert stored() == [Path(Source.objects.get().path)]
