"""What an account may use, as programs read it, and uploads at the limit."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.models import Job, Reservation, Source
from jobs.services.quotas import reservation
from tests.factories import make_group, make_job, make_source, set_quota, wav_bytes

ADDRESS = "/api/v1/quota"
JOBS = "/api/v1/jobs"
SONG = wav_bytes()


def send(api: APIClient, data: bytes = SONG) -> int:
    return int(api.post(JOBS, data, content_type="audio/wav").status_code)


def test_an_account_reads_its_limits_and_its_use(
    api: APIClient, owner: User, settings: Settings
) -> None:
    settings.MAX_STORED_BYTES, settings.MAX_AUDIO_MINUTES_PER_DAY = 1000, 60
    settings.MAX_ACTIVE_JOBS, settings.MAX_RUNNING_JOBS = 5, 0
    song = make_source(owner=owner, content=b"s" * 400)
    make_job(owner=owner, source=song)
    make_job(owner=owner, source=song, status="processing")
    owner.audio_uses.create(seconds=90.0)
    response = api.get(ADDRESS)
    assert response.json() == {
        "accepts_uploads": True,
        "detail": None,
        "own": {
            "stored_bytes": {"used": 400, "limit": 1000, "left": 600},
            "audio_minutes_per_day": {"used": 1.5, "limit": 60, "left": 58.5},
            "active_jobs": {"used": 2, "limit": 5, "left": 3},
            "running_jobs": {"used": 1, "limit": None, "left": None},
        },
        "shared": [],
    }
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_stranger_reads_nothing_of_it(
    stranger_api: APIClient, owner: User, settings: Settings
) -> None:
    set_quota(make_group("private", owner), shared=True, active_jobs=1)
    set_quota(owner, stored_bytes=5)
    make_job(owner=owner)
    told = stranger_api.get(ADDRESS).json()
    assert told["own"]["stored_bytes"] == {"used": 0, "limit": None, "left": None}
    assert told["own"]["active_jobs"]["used"] == 0
    assert (told["shared"], told["accepts_uploads"]) == ([], True)


def test_members_read_what_their_group_has_together(
    stranger_api: APIClient, owner: User, stranger: User
) -> None:
    set_quota(make_group("class 4b", owner, stranger), shared=True, stored_bytes=1000)
    make_source(owner=owner, content=b"s" * 1000)
    told = stranger_api.get(ADDRESS).json()
    assert told["shared"] == [
        {"group": "class 4b", "kind": "stored_bytes", "used": 1000, "limit": 1000, "left": 0}
    ]
    assert told["accepts_uploads"] is False
    assert "group class 4b store 1 kB of the 1 kB" in told["detail"]


@pytest.mark.parametrize("bare", [True, False])
def test_an_upload_without_room_is_refused_before_its_body_is_read(
    api: APIClient, owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch, bare: bool
) -> None:
    settings.MAX_STORED_BYTES = 100_000
    make_source(owner=owner, content=b"s" * 99_000)

    def read(*_: object) -> None:
        pytest.fail("the body was read")

    monkeypatch.setattr("jobs.api.uploads.submission.read_upload", read)
    if bare:
        response = api.post(JOBS, SONG, content_type="audio/wav")
    else:
        response = api.post(JOBS, {"separator": "spectral", "padding": "x" * 2000})
    assert (response.status_code, response.json()["code"]) == (429, "quota_exceeded")
    assert "you store 99 kB of the 100 kB" in response.json()["detail"]


def test_what_fits_exactly_is_accepted_and_no_byte_more(
    api: APIClient, owner: User, settings: Settings
) -> None:
    settings.MAX_STORED_BYTES = 2 * len(SONG)
    assert [send(api), send(api), send(api)] == [201, 201, 429]
    assert (Job.objects.count(), Source.objects.count()) == (2, 2)
    assert not Reservation.objects.exists()


@pytest.mark.parametrize(
    "body", [b"This is a letter, not a song.", b"", SONG[:30]], ids=["letter", "empty", "torn"]
)
def test_a_refused_body_gives_room_and_place_back(
    api: APIClient, settings: Settings, body: bytes
) -> None:
    settings.MAX_STORED_BYTES, settings.MAX_ACTIVE_JOBS = len(SONG), 1
    assert send(api, body) in (400, 415)
    assert not Reservation.objects.exists()
    assert send(api) == 201


def test_choices_that_cannot_be_give_room_and_place_back(
    api: APIClient, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    refused = api.post(f"{JOBS}?separator=magic", SONG, content_type="audio/wav")
    assert refused.status_code == 400
    assert not Reservation.objects.exists()
    assert send(api) == 201


def test_a_fault_of_the_server_gives_room_and_place_back(
    api: APIClient, site_paths: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        assert Reservation.objects.open().count() == 1
        raise RuntimeError("a defect")

    monkeypatch.setattr("jobs.services.job.create.insert_job", broken)
    assert send(api) == 500
    assert not Reservation.objects.exists()
    assert not Source.objects.exists()


def test_a_hold_that_cannot_be_given_back_spoils_no_upload(
    api: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The database went away after the job was stored: the row expires."""
    from django.db import OperationalError

    class Away:
        def filter(self, **_: object) -> "Away":
            raise OperationalError("gone")

    release = reservation.Hold.release

    def without_database(hold: reservation.Hold) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Reservation, "objects", Away())
            release(hold)

    monkeypatch.setattr(reservation.Hold, "release", without_database)
    assert send(api) == 201
    assert "left to expire" in caplog.text
