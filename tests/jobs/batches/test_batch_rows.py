"""What else touches batches: the upload page's script, campaigns, the sweep, the account's export
and end, the administration pages, the checks of settings, the chore that sends."""

import json
import subprocess
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from jobs.models import Batch, Campaign, Job, Upload
from jobs.services.account.account_deletion import close_account
from jobs.services.batches.progress import progress_of
from jobs.services.campaigns.versions import accept_version
from jobs.services.housekeeping.expire import expire_batches
from jobs.services.uploads.session import receive
from jobs.worker.chores import MailProcess
from tests.factories import make_job, wav_bytes
from tests.jobs.batches.world import Mailbox, make_batch

SONG = wav_bytes(0.2)
FILE = {"name": "a.wav", "size_bytes": len(SONG), "modified_ms": 7}
CHOICES = {"model": "spectral:spectral", "stem_choice": "all", "stages": ["separation"]}


def begin(client: Client, **fields: Any) -> Any:
    return client.post("/uploads/", {**FILE, **CHOICES, **fields})


def test_songs_that_the_script_sends_one_by_one_meet_in_one_batch(member: Client) -> None:
    key = uuid4().hex
    answers = [begin(member, name=f"{n}.wav", batch=key, songs=2).json() for n in range(2)]
    batch = Batch.objects.get()
    assert {answer["batch"] for answer in answers} == {f"/batches/{batch.pk}/"}
    assert progress_of(batch).coming == 2
    receive(Upload.objects.first(), chunks=[SONG], offset=0)  # type: ignore[arg-type]
    assert batch.jobs.count() == 1 and progress_of(batch).coming == 1


def test_a_lone_song_of_the_script_is_no_batch_unless_somebody_is_to_be_told(
    member: Client, reachable: User
) -> None:
    assert begin(member, batch=uuid4().hex, songs=1).json()["batch"] == ""
    begin(member, name="b.wav", batch=uuid4().hex, songs=1, notify_by_email="on")
    assert Batch.objects.get().notify_by_email


def test_a_key_of_somebody_else_opens_nothing(member: Client, stranger: User) -> None:
    theirs = make_batch("completed", owner=stranger)
    assert begin(member, batch=str(theirs.pk), songs=2).status_code == 404
    assert begin(member, batch="nonsense", songs=2).status_code == 400
    assert not Upload.objects.exists()


def test_an_accepted_version_takes_the_place_of_its_song_in_the_batch(owner: User) -> None:
    batch = make_batch("completed", "completed")
    old = batch.jobs.all()[0]
    campaign = Campaign.objects.create(separator="spectral", request={}, key="k")
    fields: dict[str, Any] = {"campaign": campaign, "replaces": old, "status": "completed"}
    version = make_job(owner=owner, source=old.source, **fields)
    assert progress_of(batch).songs == 2
    accept_version(job=version)
    assert progress_of(batch).songs == 2
    listed = Job.objects.filter(batch=batch).listed()
    assert version in listed and old not in listed


def test_no_offer_of_a_campaign_is_in_a_batch(owner: User) -> None:
    batch = make_batch("completed")
    campaign = Campaign.objects.create(separator="spectral", request={}, key="k")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_job(owner=owner, campaign=campaign, batch=batch)


def test_a_batch_to_which_no_song_came_goes_within_a_day(owner: User) -> None:
    yesterday = timezone.now() - timedelta(days=1, minutes=1)
    make_batch(owner=owner, last_added_at=yesterday)
    kept = [make_batch(owner=owner), make_batch("failed", last_added_at=yesterday)]
    assert expire_batches() == 1
    assert set(Batch.objects.all()) == set(kept)


def test_the_export_tells_of_batches_and_their_songs(member: Client) -> None:
    batch = make_batch("completed")
    told = json.loads(member.get("/account/export/").getvalue())
    assert [each["name"] for each in told["batches"]] == ["Rehearsal"]
    assert told["jobs"][0]["batch_id"] == str(batch.pk)


def test_they_go_with_the_account(
    owner: User, stranger: User, django_capture_on_commit_callbacks: Any
) -> None:
    make_batch("completed", "failed", owner=owner)
    kept = make_batch("completed", owner=stranger)
    with django_capture_on_commit_callbacks(execute=True):
        assert close_account(owner=owner)
    assert list(Batch.objects.all()) == [kept]


@pytest.fixture
def operator(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def test_the_operator_sees_what_could_not_be_sent_and_has_it_sent_again(operator: Client) -> None:
    batch = make_batch("completed", notify_by_email=True, notice_tries=8, notice_error="No route")
    assert "No route" in operator.get("/admin/jobs/worker/").content.decode()
    page = operator.get("/admin/jobs/batch/").content.decode()
    assert "No route" in page and "1 completed" in page
    data = {"action": "send_again", "_selected_action": [str(batch.pk)]}
    operator.post("/admin/jobs/batch/", data)
    batch.refresh_from_db()
    assert (batch.notice_tries, batch.notice_error) == (0, "")
    assert "could not be sent" not in operator.get("/admin/jobs/worker/").content.decode()


def test_the_operator_deletes_a_batch_with_its_songs_once_they_have_ended(
    operator: Client,
) -> None:
    ended, moving = make_batch("completed"), make_batch("pending", name="Moving")
    ids = [str(ended.pk), str(moving.pk)]
    data = {"action": "delete_selected", "_selected_action": ids, "post": "yes"}
    told = operator.post("/admin/jobs/batch/", data, follow=True).content.decode()
    assert "Moving: Songs of this batch still wait or run" in told
    assert list(Batch.objects.all()) == [moving]


def test_the_chore_waits_for_no_mail_server(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the process sends to is not asked here; it would look at another database."""
    started: list[list[str]] = []
    popen = subprocess.Popen

    def slow(command: list[str], **options: Any) -> Any:
        started.append(command[1:])
        return popen(["sleep", "30"], **options)

    monkeypatch.setattr(subprocess, "Popen", slow)
    chore = MailProcess()
    chore.turn()
    assert started == []
    make_batch("completed", notify_by_email=True)
    began = time.monotonic()
    for _ in range(3):
        chore.turn()
    assert started == [["manage.py", "send_notices"]] and time.monotonic() - began < 5
    process = chore._process
    assert process is not None
    process.kill()
    process.wait()
    chore.turn()
    assert len(started) == 2
    assert chore._process is not None
    chore._process.kill()
    chore._process.wait()
