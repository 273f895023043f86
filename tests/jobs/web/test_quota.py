"""The meters of the upload page, and what it says when a limit is reached."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.utils.html import strip_tags
from pytest_django.fixtures import Settings

from jobs.models import Job, Reservation
from jobs.services.quotas.allowance import allowance_of
from tests.factories import make_group, make_job, make_source, set_quota, wav_bytes


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def words(html: str) -> str:
    return " ".join(strip_tags(html).split())


def upload_page(client: Client) -> str:
    return client.get("/").content.decode()


def test_the_page_shows_storage_minutes_and_jobs(
    member: Client, owner: User, settings: Settings
) -> None:
    settings.MAX_STORED_BYTES, settings.MAX_AUDIO_MINUTES_PER_DAY = 5_000_000, 60
    settings.MAX_ACTIVE_JOBS = 10
    make_job(owner=owner, source=make_source(owner=owner, content=b"s" * 1_200_000))
    owner.audio_uses.create(seconds=34 * 60.0)
    page = upload_page(member)
    told = words(page)
    assert "Storage 1.2 MB of 5.0 MB" in told
    assert "Audio in 24 hours 34 of 60 minutes" in told
    assert "Jobs waiting or running 1 of 10" in told
    assert "Jobs running 0" not in told, "a limit that is none needs no place"
    meters = re.findall(r'<meter[^>]* max="([^"]+)"[^>]* value="([^"]+)"', page)
    assert meters == [("5000000", "1200000.0"), ("60", "34.0"), ("10", "1.0")]


def test_without_limits_the_use_is_told_without_a_meter(member: Client, owner: User) -> None:
    set_quota(owner, active_jobs=0)
    make_source(owner=owner, content=b"s" * 1_200_000)
    page = upload_page(member)
    assert "Storage 1.2 MB" in words(page) and "<meter" not in page


def test_every_meter_has_a_name_and_says_full_in_words(
    member: Client, owner: User, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS, settings.MAX_STORED_BYTES = 1, 100
    make_job(owner=owner, source=make_source(owner=owner, content=b"s" * 95))
    page = upload_page(member)
    assert len(re.findall(r"<meter[^>]* aria-label=", page)) == page.count("<meter") == 2
    assert "1 kB of 1 kB nearly full" in words(page)
    assert "1 of 1 full" in words(page)


def test_tracks_over_the_limit_do_not_break_the_meter(
    member: Client, owner: User, settings: Settings
) -> None:
    settings.MAX_STORED_BYTES = 1_000_000
    make_source(owner=owner, content=b"s" * 1_500_000)
    page = upload_page(member)
    assert "1.5 MB of 1.0 MB full" in words(page)
    assert 'max="1000000" high="900000" optimum="0" value="1000000.0"' in page


def test_a_person_is_told_before_choosing_that_nothing_is_accepted(
    member: Client, owner: User, settings: Settings
) -> None:
    assert "No song can be accepted" not in upload_page(member)
    settings.MAX_ACTIVE_JOBS = 1
    make_job(owner=owner)
    page = upload_page(member)
    sentence = (
        "No song can be accepted at the moment. You have 1 jobs waiting, running or arriving, and "
        "1 are allowed. Wait for some to end, or cancel them."
    )
    assert sentence in words(page)
    assert page.index(sentence[:20]) < page.index('type="file"')
    assert 'aria-describedby="quota-full"' in page


def test_the_share_of_a_group_is_named_and_escaped(member: Client, owner: User) -> None:
    set_quota(make_group("<b>class</b>", owner), shared=True, stored_bytes=2_000_000)
    page = upload_page(member)
    assert "Storage, &lt;b&gt;class&lt;/b&gt; together" in page
    assert "<b>class" not in page


def test_the_part_stands_alone_for_other_pages(owner: User) -> None:
    shown = render_to_string("jobs/partials/quota.html", {"allowance": allowance_of(owner)})
    assert "Jobs waiting or running 0 of 200" in words(shown)


def send(client: Client, *files: SimpleUploadedFile) -> Any:
    form = {"model": "spectral:spectral", "stages": ["separation"]}
    return client.post("/", {**form, "files": list(files)}, headers={"Accept": "text/html"})


def song(name: str = "a.wav") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, wav_bytes(0.1))


def test_a_form_without_room_is_refused_unread(
    member: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAX_STORED_BYTES = 1000
    monkeypatch.setattr(
        "jobs.web.uploads.form_views._receive", lambda *_: pytest.fail("the body was read")
    )
    answer = send(member, song())
    assert answer.status_code == 429
    assert "more do not fit: you store 0 kB of the 1 kB" in answer.content.decode()


def test_of_the_songs_of_one_form_as_many_are_taken_as_there_are_places(
    member: Client, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 2
    send(member, song("a.wav"), song("b.wav"), song("c.wav"))
    assert sorted(job.source.original_name for job in Job.objects.all()) == ["a.wav", "b.wav"]
    assert "c.wav: You have 2 jobs" in member.get("/jobs/").content.decode()
    assert not Reservation.objects.exists()


def test_the_page_after_a_refusal_counts_nothing_of_the_refused_song(
    member: Client, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS, settings.MAX_STORED_BYTES = 1, 10**6
    for files in ((SimpleUploadedFile("a.wav", b"no song at all"),), ()):
        answer = send(member, *files)
        assert answer.status_code in (400, 415)
        told = words(answer.content.decode())
        assert "Storage 0 kB of 1.0 MB" in told and "running 0 of 1" in told
        assert "No song can be accepted" not in told
