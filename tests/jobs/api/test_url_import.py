"""POST of a song's address."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.models import Job
from tests.factories import wav_bytes
from tests.jobs.linked import nothing_left, songs
from tests.separation.file_server import FileServer, file, status

__all__ = ["songs"]

JOBS = "/api/v1/jobs"


def post(client: APIClient, url: object, **choices: Any) -> Any:
    return client.post(JOBS, {"url": url, "separator": "spectral", **choices}, format="json")


def test_an_address_becomes_a_waiting_job_with_its_choices(
    api: APIClient, songs: FileServer
) -> None:
    songs.answers["/Song.wav"] = file(wav_bytes())
    response = post(
        api,
        f"{songs.url}/Song.wav",
        format="flac16",
        stems=["vocals", "drums"],
        stages="separation,normalization",
        shifts=2,
        allow_remote=False,
        model=None,
    )
    assert response.status_code == 201, response.json()
    job = Job.objects.get()
    assert response.headers["Location"] == f"{JOBS}/{job.pk}"
    assert response.json()["input_file"] == "Song.wav"
    assert (job.request["format"], job.request["shifts"]) == ("flac16", 2)
    assert job.request["stems"] == ["vocals", "drums"]
    assert job.request["stages"] == ["separation", "normalization"]
    assert job.request["allow_remote"] is False


def test_a_stranger_cannot_see_the_song_and_nobody_fetches_without_an_account(
    api: APIClient, stranger_api: APIClient, anonymous: APIClient, songs: FileServer
) -> None:
    songs.answers["/Song.wav"] = file(wav_bytes())
    assert post(anonymous, f"{songs.url}/Song.wav").status_code == 401
    assert songs.asked == []
    address = post(api, f"{songs.url}/Song.wav").headers["Location"]
    assert api.get(address).status_code == 200
    assert stranger_api.get(address).status_code == 404


def test_a_site_that_does_not_fetch_says_so(
    api: APIClient, songs: FileServer, settings: Settings
) -> None:
    assert api.get("/api/v1/config").json()["url_import"] is True
    settings.URL_IMPORT = False
    response = post(api, f"{songs.url}/Song.wav")
    assert (response.status_code, response.json()["code"]) == (404, "url_import_off")
    config = api.get("/api/v1/config").json()
    assert (config["url_import"], config["url_import_pages"]) == (False, False)
    assert songs.asked == []


@pytest.mark.parametrize(
    ("url", "expected", "code"),
    [
        ("file:///etc/passwd", 400, "invalid_url"),
        ("ftp://127.0.0.1/x", 400, "invalid_url"),
        ("http://10.0.0.1/x", 400, "url_refused"),
        ("http://169.254.169.254/latest/meta-data/", 400, "url_refused"),
        ("http://[::1]/x", 400, "url_refused"),
        ("", 400, "invalid_options"),
        (None, 400, "invalid_options"),
        (["http://127.0.0.1/"], 400, "invalid_options"),
    ],
)
def test_a_refusal_has_its_code(
    api: APIClient, songs: FileServer, tmp_path: Path, url: object, expected: int, code: str
) -> None:
    response = post(api, url)
    assert (response.status_code, response.json()["code"]) == (expected, code)
    assert nothing_left(tmp_path)


def test_what_the_server_answers_is_told_to_nobody(
    api: APIClient, songs: FileServer, tmp_path: Path
) -> None:
    secret = "the-password-of-the-router"
    songs.answers["/x"] = status(403, secret.encode())
    response = post(api, f"{songs.url}/x")
    assert (response.status_code, response.json()["code"]) == (502, "url_failed")
    songs.answers["/x"] = status(200, secret.encode() * 50, Content_Type="text/html")
    other = post(api, f"{songs.url}/x")
    assert (other.status_code, other.json()["code"]) == (415, "unsupported_format")
    assert secret not in response.content.decode() + other.content.decode()
    assert nothing_left(tmp_path)


@pytest.mark.parametrize(
    ("choices", "code"),
    [({"formt": "mp3"}, "invalid_options"), ({"stems": {"a": 1}}, "invalid_options")],
)
def test_odd_choices_are_refused_before_anybody_is_asked(
    api: APIClient, songs: FileServer, choices: dict[str, Any], code: str
) -> None:
    response = post(api, f"{songs.url}/Song.wav", **choices)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert songs.asked == []


@pytest.mark.parametrize(
    ("body", "expected"), [("{", 400), ("[1]", 400), ('{"url": "' + "x" * 70_000 + '"}', 413)]
)
def test_a_body_that_is_no_address_is_refused(
    api: APIClient, songs: FileServer, body: str, expected: int
) -> None:
    assert api.post(JOBS, body, content_type="application/json").status_code == expected


@pytest.mark.parametrize("installed", [True, False])
def test_whether_pages_are_taken_is_told(
    api: APIClient, installed: bool, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.URL_IMPORT = True
    monkeypatch.setattr("separation.net.url_page.can_read_pages", lambda: installed)
    assert api.get("/api/v1/config").json()["url_import_pages"] is installed
