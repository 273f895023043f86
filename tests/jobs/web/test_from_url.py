"""The field of the upload page that takes a song's address."""

import re
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from jobs.models import Job, Upload
from jobs.services.sources.receive_source import announced
from tests.factories import wav_bytes
from tests.jobs.linked import nothing_left, songs
from tests.separation.file_server import Answer, FileServer, file

__all__ = ["songs"]

ADDRESS = "/from-url/"
CHOICES = {"model": "spectral:spectral", "stages": ["separation"], "format": "mp3"}


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def send(client: Client, url: str) -> Any:
    return client.post(ADDRESS, {**CHOICES, "url": url}, headers={"Accept": "text/html"})


def test_the_field_is_there_only_where_songs_are_fetched(
    member: Client, songs: FileServer, settings: Settings
) -> None:
    page = member.get("/").content.decode()
    assert re.search(r'<input type="url" id="url" name="url"', page)
    assert f'formaction="{ADDRESS}"' in page
    settings.URL_IMPORT = False
    assert "from-url" not in member.get("/").content.decode()


def test_an_address_leads_to_the_page_of_its_job(
    member: Client, owner: User, songs: FileServer
) -> None:
    songs.answers["/Song.wav"] = file(wav_bytes())
    answer = send(member, f" {songs.url}/Song.wav ")
    job = Job.objects.get()
    assert answer.headers["Location"] == reverse("jobs:detail", args=[job.pk])
    assert (job.owner, job.source.original_name) == (owner, "Song.wav")
    assert (job.separator, job.request["format"]) == ("spectral", "mp3")
    assert job.request["stages"] == ["separation"]


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("", 400, "Type in the address"),
        ("song.wav", 400, "must begin with http"),
        ("http://10.0.0.1/", 400, "not on the public internet"),
    ],
)
def test_a_refusal_stands_on_the_page_with_the_choices_kept(
    member: Client, songs: FileServer, url: str, status: int, words: str
) -> None:
    answer = send(member, url)
    page = answer.content.decode()
    assert (answer.status_code, words in page) == (status, True)
    assert re.search(r'<option value="mp3"\s+selected>', page)
    assert not Job.objects.exists()


def test_it_is_refused_where_songs_are_not_fetched(
    member: Client, songs: FileServer, settings: Settings
) -> None:
    settings.URL_IMPORT = False
    answer = send(member, f"{songs.url}/Song.wav")
    assert answer.status_code == 404
    assert "fetches no songs" in answer.content.decode()
    assert songs.asked == []


def test_who_is_not_logged_in_is_sent_to_log_in(
    client: Client, db: None, songs: FileServer
) -> None:
    answer = send(client, f"{songs.url}/Song.wav")
    assert answer.headers["Location"].startswith(reverse("account_login"))
    assert songs.asked == []


def test_another_site_cannot_press_the_button(owner: User, songs: FileServer) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(owner)
    assert send(careful, f"{songs.url}/Song.wav").status_code == 403
    assert songs.asked == []


def held(arrives: Event, goes_on: Event) -> Answer:
    """A song that stops in the middle until it is told to go on."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        song = wav_bytes()
        request.send_response(200)
        request.send_header("Content-Length", str(len(song)))
        request.end_headers()
        request.wfile.write(song[:1000])
        request.wfile.flush()
        arrives.set()
        goes_on.wait(30)
        request.wfile.write(song[1000:])

    return answer


def send_and_close(client: Client, url: str) -> int:
    try:
        return int(send(client, url).status_code)
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_a_song_that_is_being_fetched_is_shown_and_can_be_cancelled(
    member: Client, owner: User, songs: FileServer, tmp_path: Path
) -> None:
    arrives, goes_on = Event(), Event()
    songs.answers["/Song.wav"] = held(arrives, goes_on)
    other_tab = Client()
    other_tab.force_login(owner)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(send_and_close, member, f"{songs.url}/Song.wav")
        try:
            assert arrives.wait(30)
            page = other_tab.get("/").content.decode()
            assert " is being fetched." in page
            answer = other_tab.post("/from-url/cancel/", follow=True)
        finally:
            goes_on.set()
        assert sent.result(30) == 404
    page = answer.content.decode()
    assert "The song is not fetched" in page
    assert nothing_left(tmp_path) and not Upload.objects.exists()
    page = other_tab.post("/from-url/cancel/", follow=True).content.decode()
    assert "Nothing is being fetched" in page and " is being fetched.<" not in page


def test_nobody_cancels_what_is_fetched_for_somebody_else(
    client: Client, owner: User, stranger: User, songs: FileServer
) -> None:
    with announced(owner=owner, name="Song") as upload:
        client.force_login(stranger)
        client.post("/from-url/cancel/")
        client.post(reverse("jobs:upload-discard", args=[upload.pk]))
        assert Upload.objects.filter(pk=upload.pk, cancelled_at=None).exists()
    assert not Upload.objects.exists()
    client.logout()
    assert client.post("/from-url/cancel/").status_code == 302
