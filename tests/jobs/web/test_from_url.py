"""The field of the upload page that takes a song's address."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from jobs.models import Job
from tests.factories import wav_bytes
from tests.jobs.linked import songs
from tests.separation.file_server import FileServer, file

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
