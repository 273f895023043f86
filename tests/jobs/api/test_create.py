"""Uploading a song, as a form or as the bare body."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.api.uploads.choices import read_choices
from jobs.models import Job, Source
from jobs.services.job.request_validation import request_with_defaults
from separation.errors import QuotaExceeded
from tests.factories import make_job, wav_bytes

JOBS = "/api/v1/jobs"


def song(content: bytes | None = None, name: str = "Song.wav") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, wav_bytes() if content is None else content)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "cache" not in path.parts]


@pytest.mark.parametrize(
    ("address", "field"), [(JOBS, "file"), (JOBS + "/", "audio"), ("/process", "file")]
)
def test_a_form_becomes_a_waiting_job(api: APIClient, address: str, field: str) -> None:
    response = api.post(address, {field: song(), "separator": "spectral", "format": "mp3"})
    assert response.status_code == 201, response.json()
    job = Job.objects.get()
    answer = response.json()
    assert answer["job_id"] == str(job.pk)
    assert answer["status"] == "pending"
    assert answer["input_file"] == "Song.wav"
    assert answer["input"]["duration_s"] == pytest.approx(0.5)
    assert answer["stages"][0]["name"] == "prepare"
    assert response.headers["Location"] == f"/api/v1/jobs/{job.pk}"
    assert job.request["format"] == "mp3"
    assert job.source.path.read_bytes() == wav_bytes()
    assert job.owner.get_username() == "owner"


@pytest.mark.parametrize(("sent", "stored"), [(None, True), ("false", False), ("true", True)])
@pytest.mark.parametrize("in_form", [False, True])
def test_a_flag_that_is_not_sent_is_no_choice(
    api: APIClient, sent: str | None, stored: bool, in_form: bool
) -> None:
    choice = {} if sent is None else {"allow_remote": sent}
    if in_form:
        response = api.post(JOBS, {"file": song(), "separator": "spectral", **choice})
    else:
        address = f"{JOBS}?{urlencode({'separator': 'spectral', **choice})}"
        response = api.post(address, wav_bytes(), content_type="audio/wav")
    assert response.json()["request"]["allow_remote"] is stored


@pytest.mark.parametrize("content_type", ["application/octet-stream", "audio/wav"])
def test_a_bare_body_becomes_a_job_with_choices_from_the_address(
    api: APIClient, content_type: str
) -> None:
    response = api.post(
        JOBS + "?separator=spectral&stems=vocals,drums&format=flac16&shifts=2&minus=true",
        wav_bytes(),
        content_type=content_type,
        HTTP_X_FILENAME="M%C3%BCller%20Lied.wav",
    )
    assert response.status_code == 201, response.json()
    job = Job.objects.get()
    assert job.source.original_name == "Müller Lied.wav"
    assert job.request["stems"] == ["vocals", "drums"]
    assert job.request["format"] == "flac16"
    assert job.request["shifts"] == 2
    assert job.request["minus"] is True


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"stems": "2:vocals"}, {"two_stems": "vocals"}),
        ({"stems": "6"}, {"separator": "demucs", "model": "htdemucs_6s"}),
        ({"stems": ["vocals", "bass"]}, {"stems": ["vocals", "bass"]}),
        ({"stages": "separation, normalization"}, {"stages": ["separation", "normalization"]}),
        ({"target_db": "-14", "level_measure": "lufs"}, {"target_db": -14.0}),
        ({"sample_rate_hz": "48000"}, {"sample_rate_hz": 48000}),
        ({"separator": "", "model": "", "stems": ""}, {"separator": "auto", "model": None}),
    ],
)
def test_choices_are_understood(fields: dict[str, object], expected: dict[str, object]) -> None:
    query = QueryDict(urlencode(fields, doseq=True))
    asked = request_with_defaults(options=read_choices(query)).model_dump(mode="json")
    assert {name: asked[name] for name in expected} == expected


BAD_CHOICES = [
    ({"separator": "magic"}, "invalid_options", "magic"),
    ({"model": "nothing"}, "invalid_options", "nothing"),
    ({"stems": "5"}, "invalid_options", "'5'"),
    ({"stems": "flute"}, "invalid_options", "flute"),
    ({"stages": "mastering"}, "invalid_options", "mastering"),
    ({"format": "wma"}, "invalid_options", "wma"),
    ({"overlap": "2"}, "invalid_options", "overlap"),
    ({"sample_rate_hz": "96000"}, "invalid_options", "96000"),
    ({"repo": "/etc"}, "invalid_options", "'repo'"),
    ({"formt": "mp3"}, "invalid_options", "'formt'"),
    ({"shifts": "many"}, "invalid", "shifts"),
]


@pytest.mark.parametrize(("fields", "code", "said"), BAD_CHOICES)
def test_a_choice_that_cannot_be_met_is_named_and_leaves_nothing(
    api: APIClient, site_paths: Path, fields: dict[str, str], code: str, said: str
) -> None:
    response = api.post(JOBS, {"file": song(), **fields})
    assert response.status_code == 400
    assert response.json()["code"] == code
    assert said in response.json()["detail"]
    assert set(response.json()) == {"code", "detail"}
    assert not Job.objects.exists() and not Source.objects.exists()
    assert files_below(site_paths) == []


BAD_FILES = [
    (b"", 400, "empty_audio"),
    (b"just some words, called a song" * 100, 415, "unsupported_format"),
    (wav_bytes()[:40], 400, None),
    (b"x" * 3000, 413, "too_large"),
]


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize(("content", "status", "code"), BAD_FILES)
def test_a_file_that_cannot_be_used_is_refused_by_name_and_leaves_nothing(
    api: APIClient,
    site_paths: Path,
    settings: Settings,
    content: bytes,
    status: int,
    code: str | None,
    bare: bool,
) -> None:
    if code == "too_large":
        settings.MAX_UPLOAD_BYTES = 2999
    if bare:
        response = api.post(JOBS, content, content_type="application/octet-stream")
    else:
        response = api.post(JOBS, {"file": song(content, "Song.mp3")})
    assert response.status_code == status, response.json()
    assert code is None or response.json()["code"] == code
    assert not Job.objects.exists() and not Source.objects.exists()
    assert files_below(site_paths) == []


def test_a_body_far_above_the_limit_is_refused_before_it_is_read(
    api: APIClient, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    body = io.BytesIO(b"x" * 10)
    response = api.post(
        JOBS,
        body.read(),
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(5 * 1024 * 1024),
    )
    assert response.status_code == 413


def test_a_form_in_chunks_is_told_how_to_send_it(api: APIClient) -> None:
    response = api.post(
        JOBS,
        b"--x--",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH="",
        HTTP_TRANSFER_ENCODING="chunked",
    )
    assert (response.status_code, response.json()["code"]) == (400, "invalid_options")
    assert "Content-Length" in response.json()["detail"]


def test_a_body_that_breaks_off_is_refused_and_leaves_nothing(
    api: APIClient, site_paths: Path
) -> None:
    content = wav_bytes()
    environ: dict[str, Any] = {
        "wsgi.input": io.BytesIO(content),
        "CONTENT_LENGTH": str(len(content) + 100),
    }
    response = api.post(
        JOBS,
        content,
        content_type="application/octet-stream",
        **environ,
    )
    assert response.status_code == 400
    assert response.json()["code"] == "upload_incomplete"
    assert files_below(site_paths) == []


def test_a_body_of_unknown_length_is_read_where_the_server_marks_its_end(api: APIClient) -> None:
    content = wav_bytes()
    environ: dict[str, Any] = {
        "wsgi.input": io.BytesIO(content),
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    response = api.post(JOBS + "?filename=a.wav", content, content_type="audio/wav", **environ)
    assert response.status_code == 201, response.json()
    assert Source.objects.get().size_bytes == len(content)
    assert response.json()["input_file"] == "a.wav"


@pytest.mark.parametrize("fields", [{}, {"file": "words"}, {"song": "x"}])
def test_a_form_without_a_file_says_which_field_it_needs(
    api: APIClient, fields: dict[str, str]
) -> None:
    response = api.post(JOBS, fields)
    assert response.status_code == 400
    assert "`file`" in response.json()["detail"]


def test_two_songs_at_once_are_refused(api: APIClient) -> None:
    response = api.post(JOBS, {"file": song(), "audio": song()})
    assert response.status_code == 400
    assert "received 2" in response.json()["detail"]


def test_json_without_a_song_is_refused(api: APIClient) -> None:
    response = api.post(JOBS, {"separator": "spectral"}, format="json")
    assert response.status_code == 400
    assert response.json() == {"code": "invalid", "detail": "source_id: This field is required."}


def test_more_jobs_than_allowed_are_refused(api: APIClient, settings: Settings) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    make_job()
    response = api.post(JOBS, {"file": song()})
    assert response.status_code == 429
    assert response.json()["code"] == "quota_exceeded"
    assert response.headers["Retry-After"]
    assert Job.objects.count() == 1


def test_a_song_that_lost_the_race_for_the_last_place_leaves_nothing(
    api: APIClient,
    site_paths: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> None:
    def taken(*, owner: object) -> None:
        raise QuotaExceeded("The last place was taken while the song arrived.")

    # Only the check inside the transaction, which follows the one before the upload.
    monkeypatch.setattr("jobs.services.job.create.check_quota", taken)
    with django_capture_on_commit_callbacks(execute=True):
        response = api.post(JOBS, {"file": song()})
    assert response.status_code == 429
    assert not Source.objects.exists()
    assert files_below(site_paths) == []


@pytest.mark.parametrize("bare", [False, True])
def test_a_full_disk_is_told_as_such(api: APIClient, settings: Settings, bare: bool) -> None:
    settings.MIN_FREE_BYTES = 2**62
    if bare:
        response = api.post(JOBS, wav_bytes(), content_type="audio/wav")
    else:
        response = api.post(JOBS, {"file": song()})
    assert response.status_code == 503
    assert response.json()["code"] == "disk_full"
    assert not Source.objects.exists()


@pytest.mark.parametrize("kind", ["audio/wav", "application/octet-stream"])
def test_a_page_may_send_the_bare_body_with_its_session(owner: User, kind: str) -> None:
    page = Client(enforce_csrf_checks=True)
    page.force_login(owner)
    page.cookies["csrftoken"] = token = "x" * 32

    def send(**headers: str) -> int:
        return page.generic("POST", JOBS, wav_bytes(), kind, headers=headers).status_code

    assert send() == 403
    assert send(**{"X-CSRFToken": token}) == 201
    assert Job.objects.get().source.size_bytes == len(wav_bytes())
