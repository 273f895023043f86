"""The page of a job names its song as its owner likes, with a plain form."""

import re
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Job, Source
from jobs.services.sources.rename import MAX_TITLE_LENGTH
from tests.factories import make_job, make_source

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@pytest.fixture
def job(owner: "User") -> Job:
    source = make_source(
        owner=owner, original_name="02 take.wav", title="Night train", artist="Ella"
    )
    return make_job(owner=owner, source=source, status="completed")


@pytest.fixture
def member(client: Client, owner: "User") -> Client:
    client.force_login(owner)
    return client


def shown(member: Client, job: Job) -> str:
    return member.get(reverse("jobs:detail", args=[job.pk])).content.decode()


def rename(member: Client, job: Job, title: str) -> str:
    answer = member.post(reverse("jobs:title", args=[job.pk]), {"title": title}, follow=True)
    return answer.content.decode()


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page)
    assert found
    return found[1]


def test_title_and_artist_come_from_the_tags_and_the_file_is_a_detail(
    member: Client, job: Job
) -> None:
    page = shown(member, job)
    assert heading(page) == "Night train"
    assert '<p class="job-header__artist">Ella</p>' in page
    assert "<dt>File</dt><dd>02 take.wav</dd>" in page


def test_a_new_title_stands_on_every_page_of_the_song(member: Client, job: Job) -> None:
    other = make_job(owner=job.owner, source=job.source)
    assert heading(rename(member, job, " Last <train> ")) == "Last &lt;train&gt;"
    assert heading(shown(member, other)) == "Last &lt;train&gt;"
    assert 'value="Last &lt;train&gt;"' in shown(member, job)


def test_an_empty_title_brings_back_the_first_one(member: Client, job: Job) -> None:
    rename(member, job, "Last train")
    assert heading(rename(member, job, "")) == "Night train"


def test_a_title_that_is_too_long_changes_nothing_and_says_so(member: Client, job: Job) -> None:
    page = rename(member, job, "x" * (MAX_TITLE_LENGTH + 1))
    assert "at most 255 characters" in page and heading(page) == "Night train"


def test_a_stranger_changes_no_title(client: Client, stranger: "User", job: Job) -> None:
    client.force_login(stranger)
    address = reverse("jobs:title", args=[job.pk])
    assert client.post(address, {"title": "Mine"}).status_code == 404
    assert Source.objects.get().song_title == "Night train"
