"""A song that the site fetches itself."""

from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django.fixtures import Settings

from jobs.errors import UrlImportBusy, UrlImportOff
from jobs.models import Job
from jobs.services.uploads.url_import import import_song
from separation.errors import (
    DeadlineExceeded,
    EmptyAudio,
    InvalidOptions,
    QuotaExceeded,
    TooLarge,
    UnsupportedFormat,
    UrlFailed,
    UrlRefused,
)
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, wav_bytes
from tests.jobs.linked import nothing_left, songs
from tests.separation.file_server import FileServer, drip, endless, file, redirect

__all__ = ["songs"]

SPECTRAL = SeparationRequest(separator="spectral")


def fetch(owner: User, url: str) -> Job:
    return import_song(owner=owner, url=url, request=SPECTRAL)


def test_a_link_becomes_a_job_like_that_of_an_upload(owner: User, songs: FileServer) -> None:
    songs.answers["/old"] = redirect("/Night%20train.wav")
    songs.answers["/Night%20train.wav"] = file(wav_bytes(), Content_Disposition="inline")
    job = fetch(owner, f"{songs.url}/Night%20train.wav")
    assert (job.owner, job.status) == (owner, "pending")
    assert job.source.original_name == "Night train.wav"
    assert job.source.path.read_bytes() == wav_bytes()
    assert job.source.duration_s == pytest.approx(0.5)
    assert fetch(owner, f"{songs.url}/old").source.path.read_bytes() == wav_bytes()


def test_it_is_off_until_somebody_switches_it_on(
    owner: User, songs: FileServer, settings: Settings
) -> None:
    from stemsite import settings as as_shipped

    assert as_shipped.URL_IMPORT is False
    assert as_shipped.URL_IMPORT_NETWORKS == []
    settings.URL_IMPORT = False
    with pytest.raises(UrlImportOff):
        fetch(owner, f"{songs.url}/song.wav")
    assert songs.asked == []


def test_this_machine_is_refused_unless_its_network_is_named(
    owner: User, songs: FileServer, settings: Settings, tmp_path: Path
) -> None:
    songs.answers["/song.wav"] = file(wav_bytes())
    settings.URL_IMPORT_NETWORKS = []
    with pytest.raises(UrlRefused):
        fetch(owner, f"{songs.url}/song.wav")
    assert songs.asked == []
    assert nothing_left(tmp_path)


def test_a_redirect_out_of_the_named_network_leaves_nothing(
    owner: User, songs: FileServer, tmp_path: Path
) -> None:
    inside = FileServer("127.0.0.2")
    try:
        inside.answers["/song.wav"] = file(wav_bytes())
        songs.answers["/song.wav"] = redirect(f"{inside.url}/song.wav")
        with pytest.raises(UrlRefused):
            fetch(owner, f"{songs.url}/song.wav")
        assert inside.asked == []
        assert nothing_left(tmp_path)
    finally:
        inside.close()


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"<html>a page about it</html>" * 99, UnsupportedFormat), (b"", EmptyAudio)],
)
def test_what_is_no_song_gets_the_refusal_of_an_upload(
    owner: User, songs: FileServer, tmp_path: Path, body: bytes, error: type[Exception]
) -> None:
    songs.answers["/song.mp3"] = file(body)
    with pytest.raises(error) as caught:
        fetch(owner, f"{songs.url}/song.mp3")
    assert "a page about it" not in str(caught.value)
    assert nothing_left(tmp_path)


def test_a_body_without_end_leaves_nothing(
    owner: User, songs: FileServer, settings: Settings, tmp_path: Path
) -> None:
    settings.MAX_UPLOAD_BYTES = 300_000
    songs.answers["/song.wav"] = endless
    with pytest.raises(TooLarge):
        fetch(owner, f"{songs.url}/song.wav")
    assert nothing_left(tmp_path)


def test_a_slow_server_leaves_nothing(
    owner: User, songs: FileServer, settings: Settings, tmp_path: Path
) -> None:
    settings.URL_IMPORT_S = 1.0
    songs.answers["/song.wav"] = drip(songs)
    with pytest.raises(DeadlineExceeded):
        fetch(owner, f"{songs.url}/song.wav")
    assert nothing_left(tmp_path)


def test_a_quota_and_odd_choices_are_seen_before_anybody_is_asked(
    owner: User, songs: FileServer, settings: Settings
) -> None:
    odd = SeparationRequest(separator="no-such-thing")
    with pytest.raises(InvalidOptions):
        import_song(owner=owner, url=f"{songs.url}/song.wav", request=odd)
    settings.MAX_ACTIVE_JOBS = 1
    make_job(owner=owner)
    with pytest.raises(QuotaExceeded):
        fetch(owner, f"{songs.url}/song.wav")
    assert songs.asked == []


@pytest.mark.django_db(transaction=True)
def test_minutes_of_audio_count_for_a_fetched_song(
    owner: User, songs: FileServer, settings: Settings, tmp_path: Path
) -> None:
    settings.MAX_AUDIO_MINUTES_PER_DAY = 1
    songs.answers["/long.wav"] = file(wav_bytes(61.0, rate_hz=8_000, channels=1))
    with pytest.raises(QuotaExceeded):
        fetch(owner, f"{songs.url}/long.wav")
    assert nothing_left(tmp_path)


@pytest.mark.django_db(transaction=True)
def test_only_so_many_songs_are_fetched_at_once(
    owner: User, songs: FileServer, settings: Settings
) -> None:
    settings.URL_IMPORTS_AT_ONCE = 1
    refused: list[str] = []

    def while_it_is_fetched(request: BaseHTTPRequestHandler) -> None:
        try:
            fetch(owner, f"{songs.url}/other.wav")
        except UrlImportBusy as busy:
            refused.append(busy.code)
        finally:
            connection.close()
        file(wav_bytes())(request)

    songs.answers["/song.wav"] = while_it_is_fetched
    assert fetch(owner, f"{songs.url}/song.wav").status == "pending"
    assert refused == ["url_import_busy"]
    # The place is free again, also after a failure.
    for _ in range(2):
        with pytest.raises(UrlFailed):
            fetch(owner, f"{songs.url}/nowhere.wav")
