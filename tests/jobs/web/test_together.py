"""Several selected songs of the library at once: deleted, run again, downloaded, marked."""

import io
import zipfile
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.models import Job, Tag
from jobs.models.job import JobStatus
from jobs.web.history.bulk_views import MAX_TOGETHER
from tests.factories import make_artifact, make_job, make_source

ADDRESS = "/jobs/together/"


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def done(owner: User, name: str, **fields: Any) -> Job:
    source = make_source(owner=owner, original_name=f"{name}.wav")
    return make_job(owner=owner, source=source, **{"status": JobStatus.COMPLETED, **fields})


def send(client: Client, action: str, *jobs: Job, **more: str) -> Any:
    data = {"action": action, "job": [str(job.pk) for job in jobs], **more}
    return client.post(ADDRESS, data)


def told(client: Client) -> str:
    return client.get(reverse("jobs:history")).content.decode()


def test_ticked_songs_are_deleted_once_that_is_confirmed(
    member: Client, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    first, second, kept = (done(owner, name) for name in ("One", "Two", "Three"))
    asked = send(member, "delete", first, second).content.decode()
    assert "Delete 2 songs?" in asked and "One" in asked and "Three" not in asked
    assert Job.objects.count() == 3
    with django_capture_on_commit_callbacks(execute=True):
        assert send(member, "delete", first, second, confirmed="yes").status_code == 302
    assert list(Job.objects.all()) == [kept]
    assert not first.source.path.exists()
    assert "2 songs are deleted." in told(member)


def test_what_cannot_be_deleted_is_told_and_hinders_nothing_else(
    member: Client, owner: User
) -> None:
    ended, running = done(owner, "Ended"), done(owner, "Running", status=JobStatus.PROCESSING)
    send(member, "delete", ended, running, confirmed="yes")
    assert list(Job.objects.all()) == [running]
    page = told(member)
    assert "1 song is deleted." in page
    assert "Running: The job is still waiting or running" in page


def test_failed_songs_run_again_and_completed_ones_are_told(member: Client, owner: User) -> None:
    failed, completed = done(owner, "Failed", status=JobStatus.FAILED), done(owner, "Done")
    send(member, "retry", failed, completed)
    failed.refresh_from_db()
    assert failed.status == JobStatus.PENDING
    page = told(member)
    assert "1 song is waiting again." in page and "Done: Only a job that failed" in page


def test_one_zip_holds_a_folder_for_each_song(member: Client, owner: User) -> None:
    # Two songs of one name keep apart; the one that failed has nothing to give.
    jobs = [done(owner, "Song"), done(owner, "Song"), done(owner, "No", status=JobStatus.FAILED)]
    for job in jobs[:2]:
        make_artifact(job, "vocals")
    answer = send(member, "zip", *jobs)
    data = b"".join(answer.streaming_content)
    assert int(answer["Content-Length"]) == len(data)
    assert 'filename="stemsite, 2 songs.zip"' in answer["Content-Disposition"]
    assert sorted(zipfile.ZipFile(io.BytesIO(data)).namelist()) == [
        "Song (2)/manifest.json",
        "Song (2)/vocals.wav",
        "Song/manifest.json",
        "Song/vocals.wav",
    ]


def test_songs_without_files_give_no_zip_but_a_reason(member: Client, owner: User) -> None:
    assert send(member, "zip", done(owner, "Song")).status_code == 302
    assert "There are no files to download" in told(member)


def test_favourites_are_marked_found_and_let_go(member: Client, owner: User) -> None:
    dear, plain = done(owner, "Dear"), done(owner, "Plain")
    send(member, "favourite", dear)
    only = member.get(reverse("jobs:history"), {"favourite": "on"}).content.decode()
    assert "Dear" in only and "Plain" not in only
    send(member, "unfavourite", dear, plain)
    assert not Job.objects.filter(is_favourite=True).exists()


def test_the_star_of_a_row_turns_that_row_only(member: Client, owner: User) -> None:
    starred, ticked = done(owner, "Starred"), done(owner, "Ticked")
    for expected in (True, False):
        member.post(ADDRESS, {"star": str(starred.pk), "job": [str(ticked.pk)]})
        starred.refresh_from_db()
        ticked.refresh_from_db()
        assert (starred.is_favourite, ticked.is_favourite) == (expected, False)


def test_a_tag_is_given_found_taken_and_gone_with_its_last_song(
    member: Client, owner: User
) -> None:
    first, second = done(owner, "First"), done(owner, "Second")
    send(member, "tag", first, tag="  Live\u202e set ")
    send(member, "tag", second, tag="LIVE SET")
    assert [tag.name for tag in Tag.objects.all()] == ["Live set"]
    send(member, "untag", second, tag="live set")
    found = member.get(reverse("jobs:history"), {"tag": "Live set"}).content.decode()
    assert "First" in found and "Second" not in found
    send(member, "untag", first, tag="live set")
    assert not Tag.objects.exists()


def test_deleting_the_last_song_of_a_tag_drops_the_tag(
    member: Client, owner: User, django_capture_on_commit_callbacks: Any
) -> None:
    song = done(owner, "Song")
    send(member, "tag", song, tag="Live")
    with django_capture_on_commit_callbacks(execute=True):
        send(member, "delete", song, confirmed="yes")
    assert not Tag.objects.exists()


@pytest.mark.parametrize(
    ("tag", "reason"), (("", "Write a tag first"), ("x" * 41, "at most 40 characters"))
)
def test_a_bad_tag_is_refused_in_words(member: Client, owner: User, tag: str, reason: str) -> None:
    send(member, "tag", done(owner, "Song"), tag=tag)
    assert reason in told(member)
    assert not Tag.objects.exists()


def test_there_is_a_most_to_the_tags_of_one_person(member: Client, owner: User) -> None:
    Tag.objects.bulk_create(Tag(owner=owner, name=f"t{n}") for n in range(199))
    send(member, "tag", done(owner, "Song"), tag="the last")
    assert Tag.objects.count() == 200
    send(member, "tag", done(owner, "Song"), tag="one more")
    assert "You have 200 tags" in told(member)
    assert Tag.objects.count() == 200


def test_nothing_ticked_and_an_odd_action_are_told(member: Client, owner: User) -> None:
    send(member, "zip")
    assert "Select at least one song first." in told(member)
    send(member, "explode", done(owner, "Song"))
    assert "Choose what to do" in told(member)
    member.post(ADDRESS, {"action": "zip", "job": [str(uuid4()) for _ in range(MAX_TOGETHER + 1)]})
    assert f"At most {MAX_TOGETHER} songs" in told(member)


@pytest.mark.parametrize("action", ("delete", "retry", "zip", "favourite", "tag", "untag"))
def test_songs_of_others_are_as_if_they_were_not_there(
    member: Client, stranger: User, action: str
) -> None:
    theirs = done(stranger, "Theirs", status=JobStatus.FAILED)
    send(member, action, theirs, confirmed="yes", tag="mine")
    member.post(ADDRESS, {"star": str(theirs.pk)})
    theirs.refresh_from_db()
    assert (theirs.status, theirs.is_favourite) == (JobStatus.FAILED, False)
    assert not theirs.tags.exists()
    assert "Select at least one song first." in told(member)


def test_tags_of_others_are_not_offered(member: Client, owner: User, stranger: User) -> None:
    done(owner, "Mine")
    tag = Tag.objects.create(owner=stranger, name="Secret")
    done(stranger, "Theirs").tags.add(tag)
    assert "Secret" not in told(member)


def test_nobody_in_particular_is_sent_to_log_in(client: Client, owner: User) -> None:
    song = done(owner, "Song")
    assert send(client, "delete", song, confirmed="yes")["Location"].startswith("/accounts/login/")
    assert Job.objects.filter(pk=song.pk).exists()


@pytest.mark.parametrize(
    ("back", "goes_to"),
    (
        ("/jobs/?tag=x&page=2", "/jobs/?tag=x&page=2"),
        ("https://evil.example/jobs/", "/jobs/"),
        ("//evil.example", "/jobs/"),
        ("/admin/", "/jobs/"),
    ),
)
def test_the_way_back_is_a_page_of_the_history(
    member: Client, owner: User, back: str, goes_to: str
) -> None:
    assert send(member, "favourite", done(owner, "Song"), back=back)["Location"] == goes_to
