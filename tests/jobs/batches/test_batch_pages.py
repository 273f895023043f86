"""A batch on the pages: made by the form, looked at, steered, deleted; one row of the history."""

import io
import re
import zipfile
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from jobs.models import Batch, Job
from jobs.models.job import JobStatus
from jobs.services.batches.progress import progress_of
from jobs.services.email import notice_obstacle
from jobs.services.job.delete import delete_job
from tests.factories import make_artifact, wav_bytes
from tests.jobs.batches.world import Mailbox, add_song, make_batch

CHOICES = {"model": "spectral:spectral", "stem_choice": "all", "stages": ["separation"]}


def song(name: str, seed: int = 1) -> io.BytesIO:
    file = io.BytesIO(wav_bytes(0.2, seed=seed))
    file.name = name
    return file


def send(client: Client, *names: str, **more: Any) -> Any:
    files = [song(name, seed) for seed, name in enumerate(names)]
    return client.post("/", {**CHOICES, "files": files, **more})


def page_of(client: Client, batch: Batch) -> str:
    return client.get(reverse("jobs:batch", args=[batch.pk])).content.decode()


def act(client: Client, batch: Batch, what: str, **data: str) -> Any:
    return client.post(reverse(f"jobs:batch-{what}", args=[batch.pk]), data)


def test_songs_of_one_form_are_a_batch_without_any_script(member: Client) -> None:
    answer = send(member, "One.wav", "Two.wav")
    batch = Batch.objects.get()
    assert answer["Location"] == reverse("jobs:batch", args=[batch.pk])
    assert batch.name.startswith("Songs of ") and not batch.notify_by_email
    assert set(Job.objects.values_list("batch", flat=True)) == {batch.pk}
    page = page_of(member, batch)
    assert "One</a>" in page and "0 of 2 done" in page and 'http-equiv="refresh"' in page


def test_a_lone_song_is_no_batch_unless_its_owner_is_to_be_told(
    member: Client, reachable: User
) -> None:
    send(member, "One.wav")
    assert not Batch.objects.exists()
    answer = send(member, "Two.wav", notify_by_email="on")
    job = Job.objects.get(batch__notify_by_email=True)
    assert answer["Location"] == reverse("jobs:detail", args=[job.pk])


def test_of_a_form_with_one_good_song_no_batch_is_left(member: Client) -> None:
    bad = io.BytesIO(b"no audio at all")
    bad.name = "Bad.wav"
    member.post("/", {**CHOICES, "files": [song("Good.wav"), bad]})
    assert not Batch.objects.exists() and Job.objects.get().batch_id is None


def test_the_box_says_why_nobody_can_be_told(
    member: Client, owner: User, settings: Settings
) -> None:
    # A box that nobody can ever tick is not there.
    assert 'name="notify_by_email"' not in member.get("/").content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "owner@example.org is not confirmed yet" in member.get("/").content.decode()
    User.objects.update(email="")
    assert "Your account has no e-mail address." in member.get("/").content.decode()
    refused = send(member, "One.wav", "Two.wav", notify_by_email="on")
    assert refused.status_code == 400 and "You cannot be told" in refused.content.decode()
    assert not Job.objects.exists() and not Batch.objects.exists()


def test_the_percentage_is_that_of_all_audio(owner: User) -> None:
    batch = make_batch("failed", owner=owner)
    add_song(batch, "Long.wav", duration_s=180.0, status="processing", progress_percent=50.0)
    add_song(batch, "Short.wav", duration_s=60.0)
    sight = progress_of(batch)
    assert (sight.failed, sight.processing, sight.pending) == (1, 1, 1)
    assert sight.percent == pytest.approx(100 * (60 + 90) / 300)


def test_the_page_asks_for_its_moving_part_until_all_have_ended(member: Client) -> None:
    batch = make_batch("completed", "processing")
    address = reverse("jobs:batch-progress", args=[batch.pk])
    moving = member.get(address, headers={"HX-Request": "true"})
    assert "1 of 2 done" in moving.content.decode() and "HX-Refresh" not in moving
    same = {"HX-Request": "true", "If-None-Match": moving["ETag"]}
    assert member.get(address, headers=same).status_code == 304
    batch.jobs.update(status="completed", lease_token=None)
    assert member.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_all_results_come_as_one_zip(member: Client) -> None:
    batch = make_batch("completed", "completed", "failed")
    for job in batch.jobs.filter(status="completed"):
        make_artifact(job, "vocals")
    answer = member.get(reverse("jobs:batch-archive", args=[batch.pk]))
    names = zipfile.ZipFile(io.BytesIO(answer.getvalue())).namelist()
    assert sorted(name for name in names if "vocals" in name) == [
        "Song 0/vocals.wav",
        "Song 1/vocals.wav",
    ]
    assert 'filename="Rehearsal.zip"' in answer["Content-Disposition"]


def test_what_failed_runs_again_and_what_is_left_is_cancelled(member: Client) -> None:
    batch = make_batch("completed", "failed", "cancelled")
    act(member, batch, "retry")
    assert progress_of(batch).pending == 2
    assert "2 songs are waiting again." in page_of(member, batch)
    act(member, batch, "cancel")
    assert progress_of(batch).cancelled == 2 and "2 songs are stopped." in page_of(member, batch)


def test_it_is_deleted_with_all_its_songs_once_they_have_ended(
    member: Client, django_capture_on_commit_callbacks: Any
) -> None:
    batch = make_batch("completed", "pending")
    act(member, batch, "delete")
    assert "still wait or run" in page_of(member, batch) and Job.objects.count() == 2
    batch.jobs.update(status="cancelled")
    songs = [job.source.path for job in batch.jobs.all()]
    with django_capture_on_commit_callbacks(execute=True):
        act(member, batch, "delete")
    assert not Batch.objects.exists() and not Job.objects.exists()
    assert not any(path.exists() for path in songs)
    assert "Rehearsal is deleted, with 2 songs." in member.get("/jobs/").content.decode()


def test_it_goes_with_its_last_song(owner: User) -> None:
    batch = make_batch("completed", "failed")
    first, last = batch.jobs.all()
    delete_job(job=first)
    assert Batch.objects.exists()
    delete_job(job=last)
    assert not Batch.objects.exists()


def test_it_has_a_clean_name_of_its_owners_choice(member: Client) -> None:
    batch = make_batch("completed")
    act(member, batch, "rename", name="  Live\u202e <b>set</b> ")
    page = page_of(member, batch)
    assert "<h1>Live &lt;b&gt;set&lt;/b&gt;</h1>" in page
    act(member, batch, "rename", name="x" * 81)
    assert "at most 80 characters" in page_of(member, batch)


def test_the_mail_is_asked_for_and_let_go_on_the_page(member: Client, reachable: User) -> None:
    batch = make_batch("processing")
    act(member, batch, "notify", wanted="yes")
    assert "You are told by e-mail when all songs have ended." in page_of(member, batch)
    act(member, batch, "notify", wanted="no")
    assert Batch.objects.filter(notify_by_email=False).exists()


def test_an_address_is_confirmed_by_the_link_of_a_mail(
    mailbox: Mailbox, member: Client, owner: User
) -> None:
    EmailAddress.objects.update(verified=False)
    data = {"action_send": "", "email": owner.email}
    member.post("/accounts/email/", data)
    link = re.search(r"http://testserver:8000(/\S{3,})", mailbox.taken[0].get_content())
    assert link is not None
    assert member.get(link[1]).status_code == 200 and notice_obstacle(owner) != ""
    member.post(link[1])
    assert notice_obstacle(owner) == ""


def test_an_empty_one_says_so(member: Client, owner: User) -> None:
    assert "No song is in this batch." in page_of(member, make_batch(owner=owner))


def test_the_history_shows_it_as_one_row_with_its_progress(member: Client, owner: User) -> None:
    batch = make_batch("completed", "failed", "processing", owner=owner)
    lone = make_batch("completed", owner=owner, name="Only one")
    page = member.get("/jobs/").content.decode()
    assert page.count("Select all songs of Rehearsal") == 1
    assert f'href="/batches/{batch.pk}/"' in page
    assert "Batch of 3 songs: 1 completed, 1 failed, 1 processing" in page
    songs = page.partition(f'id="songs-{batch.pk}"')[2].partition("</details>")[0]
    assert re.findall(r'<a href="[^"]*">([^<]*)</a>', songs) == ["Song 0", "Song 1", "Song 2"]
    assert "Failed" in songs and "Completed" not in songs
    # A batch of one song is only that song.
    assert page.count("Select Song 0") == 1
    assert f"/batches/{lone.pk}/" not in page


def test_the_history_shows_the_songs_of_one_batch_or_those_looked_for(member: Client) -> None:
    batch = make_batch("completed", "failed")
    make_batch("completed", "completed", name="Another")
    found = member.get("/jobs/", {"batch": str(batch.pk)}).content.decode()
    assert found.count("Select Song") == 2
    assert member.get("/jobs/", {"search": "Song"}).content.decode().count("Select Song") == 4
    assert member.get("/jobs/", {"sort": "longest"}).content.decode().count("Select Song") == 4


def test_a_ticked_batch_is_all_its_songs(member: Client) -> None:
    batch = make_batch("failed", "cancelled")
    member.post("/jobs/together/", {"action": "retry", "batch": str(batch.pk)})
    assert progress_of(batch).pending == 2


def test_the_history_asks_the_same_however_many_batches(
    member: Client, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    make_batch("completed", "failed")
    with django_assert_max_num_queries(30) as few:
        member.get("/jobs/")
    for number in range(4):
        make_batch("completed", "failed", name=f"Batch {number}")
    with django_assert_num_queries(len(few.captured_queries)):
        member.get("/jobs/")


@pytest.mark.parametrize("who", ("stranger", ""))
def test_it_is_nobody_elses(client: Client, owner: User, stranger: User, who: str) -> None:
    batch = make_batch("completed", "failed")
    if who:
        client.force_login(stranger)
    expected = 404 if who else 302
    for name in ("batch", "batch-progress", "batch-archive", "batch-delete"):
        assert client.get(reverse(f"jobs:{name}", args=[batch.pk])).status_code == expected, name
    for name in ("retry", "cancel", "rename", "notify", "delete"):
        assert act(client, batch, name, name="Mine", wanted="yes").status_code == expected, name
    client.post("/jobs/together/", {"action": "delete", "batch": str(batch.pk), "confirmed": "y"})
    batch.refresh_from_db()
    assert batch.name == "Rehearsal" and batch.jobs.filter(status=JobStatus.FAILED).exists()
    assert (
        not who
        or "Rehearsal" not in client.get("/jobs/", {"batch": str(batch.pk)}).content.decode()
    )
