"""The song as it was sent plays before anything is separated, for its owner alone."""

import re
from typing import Any, get_args

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.http.original import MEDIA_TYPES
from jobs.models import Job
from jobs.models.job import JobStatus
from separation.audio.decoding.sniff import Container
from tests.factories import make_job, make_source, wav_bytes

UNPLAYABLE = "Browsers cannot play this kind of file."


def job_of(owner: User, **song: Any) -> Job:
    return make_job(owner=owner, source=make_source(owner=owner, **song))


def address(job: Job) -> str:
    return reverse("jobs:original", args=[job.pk])


def note(client: Client, job: Job) -> str:
    """The tag of the note that stands in for the player."""
    page = client.get(reverse("jobs:detail", args=[job.pk])).content.decode()
    found = re.search(r"<p[^>]*data-original-silent[^>]*>", page)
    assert found and UNPLAYABLE in page
    return found[0]


@pytest.mark.parametrize("status", list(JobStatus))
def test_its_owner_gets_it_whole_and_in_part_at_any_time(
    client: Client, owner: User, status: str
) -> None:
    job = make_job(owner=owner, status=status)
    client.force_login(owner)
    whole = client.get(address(job))
    assert whole.getvalue() == wav_bytes()
    part = client.get(address(job), headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.getvalue()) == (206, wav_bytes()[4:8])
    assert part["Content-Range"] == f"bytes 4-7/{len(wav_bytes())}"


def test_the_recognised_container_tells_the_type_and_no_name_does(
    client: Client, owner: User
) -> None:
    job = job_of(owner, original_name="page.html", container="mp3", content=b"<html>")
    client.force_login(owner)
    answer = client.get(address(job))
    assert answer["Content-Type"] == "audio/mpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("inline")


def test_every_type_is_one_of_sound_and_every_key_a_container() -> None:
    assert set(MEDIA_TYPES) < set(get_args(Container))
    assert all(each.startswith("audio/") for each in MEDIA_TYPES.values())


def test_a_stranger_gets_404_and_nobody_in_particular_the_log_in_page(
    client: Client, owner: User, stranger: User
) -> None:
    job = job_of(owner)
    assert client.get(address(job)).status_code == 302
    client.force_login(stranger)
    assert client.get(address(job)).status_code == 404


def test_the_page_of_a_running_job_has_a_player_of_it(client: Client, owner: User) -> None:
    job = job_of(owner, container="flac")
    client.force_login(owner)
    page = client.get(reverse("jobs:detail", args=[job.pk])).content.decode()
    assert f'src="{address(job)}" data-type="audio/flac"' in page
    assert "hidden" in note(client, job)


@pytest.mark.parametrize("song", [{"container": "ape"}, {"content": b""}], ids=["kind", "gone"])
def test_what_no_browser_plays_is_neither_sent_nor_offered(
    client: Client, owner: User, song: dict[str, Any]
) -> None:
    job = job_of(owner, **song)
    client.force_login(owner)
    assert client.get(address(job)).status_code == 404
    assert address(job) not in client.get(reverse("jobs:detail", args=[job.pk])).content.decode()
    assert "hidden" not in note(client, job)
