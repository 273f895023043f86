"""The e-mail that a batch is done, to a real mail server: when, to whom, what, and how often."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Batch, Job
from jobs.services.batches import notices
from jobs.services.batches.actions import change_batch
from jobs.services.batches.notices import (
    _send_one,
    due_notices,
    is_any_due,
    pause_after,
    send_due_notices,
)
from jobs.services.job.retry import retry_job
from jobs.services.uploads.session import begin_upload
from tests.jobs.batches.world import Mailbox, add_song, later, make_batch

ENDED = ("completed", "completed", "failed", "cancelled")


def asked(*statuses: str, **fields: Any) -> Batch:
    return make_batch(*statuses, notify_by_email=True, **fields)


def test_the_owner_is_told_once_what_became_of_the_songs(
    mailbox: Mailbox, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://stems.example.org/"
    batch = asked(*ENDED)
    assert [send_due_notices() for _ in range(3)] == [1, 0, 0]
    (mail,) = mailbox.taken
    assert mail["To"] == "owner@example.org"
    assert mail["Subject"] == "[stemsite] 4 songs have ended: 2 completed, 1 failed, 1 cancelled"
    text = mail.get_content()
    assert '"Rehearsal" has ended' in text
    assert "Song 2: failed (It broke.)" in text
    assert f"https://stems.example.org/batches/{batch.pk}/" in text
    batch.refresh_from_db()
    assert batch.notified_at is not None


def test_of_two_processes_that_find_it_due_at_once_one_sends_it(mailbox: Mailbox) -> None:
    asked("completed")
    first, second = due_notices().get(), due_notices().get()
    assert [_send_one(first), _send_one(second)] == [True, False]
    assert len(mailbox.taken) == 1


def test_a_long_batch_names_some_songs_and_counts_the_rest(mailbox: Mailbox) -> None:
    asked(*["completed"] * (notices.MAX_NAMED_SONGS + 3))
    send_due_notices()
    text = mailbox.taken[0].get_content()
    assert text.count(": completed") == notices.MAX_NAMED_SONGS and "and 3 more" in text
    # Nobody said under which address people reach this site.
    assert "They are in your library." in text and "http" not in text


@pytest.mark.parametrize("status", ("pending", "processing"))
def test_nobody_is_told_while_a_song_is_left(mailbox: Mailbox, status: str) -> None:
    asked("completed", status)
    assert send_due_notices() == 0 and mailbox.connections == 0


def test_nobody_is_told_while_a_song_arrives(mailbox: Mailbox, owner: User) -> None:
    batch = asked("completed")
    upload = begin_upload(owner=owner, name="a.wav", size_bytes=9, request=None, batch=batch)
    assert send_due_notices() == 0
    type(upload).objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert send_due_notices() == 1


def test_nobody_is_told_between_two_songs_of_one_form(mailbox: Mailbox) -> None:
    asked("completed", last_added_at=timezone.now())
    assert send_due_notices() == 0


def test_nobody_is_told_who_did_not_ask_or_whose_account_is_closed(
    mailbox: Mailbox, owner: User
) -> None:
    make_batch("completed")
    asked()  # without a song
    assert send_due_notices() == 0
    asked("completed")
    type(owner).objects.update(is_active=False)
    assert send_due_notices() == 0


def test_an_offered_version_of_a_song_delays_no_mail(mailbox: Mailbox) -> None:
    from jobs.models import Campaign

    batch = asked("completed")
    campaign = Campaign.objects.create(separator="spectral", request={}, key="k")
    job = batch.jobs.get()
    version = add_song(batch, "Other.wav", status="completed")
    Job.objects.filter(pk=version.pk).update(
        batch=None, campaign=campaign, replaces=job, status="pending"
    )
    assert send_due_notices() == 1


def test_songs_that_run_again_are_told_of_once_more(mailbox: Mailbox) -> None:
    batch = asked("completed", "failed")
    send_due_notices()
    retry_job(job=batch.jobs.get(status="failed"))
    assert send_due_notices() == 0
    batch.jobs.update(status="completed")
    later(batch)
    assert [send_due_notices() for _ in range(2)] == [1, 0]
    first, second = mailbox.taken
    assert first["Message-ID"] != second["Message-ID"]


def test_asked_on_the_page_of_an_ended_batch_it_comes_soon(
    mailbox: Mailbox, settings: Settings
) -> None:
    settings.BATCH_QUIET_S = 0.0
    change_batch(batch=make_batch("completed"), notify_by_email=True)
    assert send_due_notices() == 1


def test_a_server_that_refuses_is_asked_again_later_and_given_up_in_the_end(
    mailbox: Mailbox, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_TRIES = 3
    mailbox.refusal = "451 Come again"
    batch = asked("completed")
    for tries in range(1, 4):
        assert send_due_notices() == 0
        batch.refresh_from_db()
        assert batch.notice_tries == tries and "Come again" in batch.notice_error
        assert batch.notice_not_before is not None
        assert batch.notice_not_before > timezone.now() + pause_after(tries) * 0.9
        assert not is_any_due()
        Batch.objects.update(notice_not_before=timezone.now())
    assert not is_any_due() and batch.notified_at is None
    told = [record.levelname for record in caplog.records if record.name == "jobs.notices"]
    assert told == ["WARNING", "WARNING", "ERROR"]


def test_what_failed_once_arrives_when_the_server_takes_it(mailbox: Mailbox) -> None:
    mailbox.refusal = "451 Come again"
    batch = asked("completed")
    send_due_notices()
    mailbox.refusal = ""
    Batch.objects.update(notice_not_before=timezone.now())
    assert send_due_notices() == 1
    batch.refresh_from_db()
    assert (batch.notice_error, batch.notice_tries) == ("", 2)


def test_a_server_that_says_nothing_costs_only_its_time(
    mailbox: Mailbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "SEND_LIMIT_S", 0.3)
    mailbox.hangs = True
    batch = asked("completed")
    assert send_due_notices() == 0
    batch.refresh_from_db()
    assert "the mail server took more than 0.3 s" in batch.notice_error


def test_a_server_that_is_away_is_written_down(reachable: User) -> None:
    batch = asked("completed")
    assert send_due_notices() == 0
    batch.refresh_from_db()
    assert "ConnectionRefusedError" in batch.notice_error


def test_an_address_that_is_no_longer_confirmed_gets_nothing(mailbox: Mailbox, owner: User) -> None:
    batch = asked("completed")
    type(owner).objects.update(email="new@example.org")
    assert send_due_notices() == 0 and mailbox.connections == 0
    batch.refresh_from_db()
    assert batch.notice_error == "Your address new@example.org is not confirmed yet."


def test_a_song_that_comes_while_the_mail_is_sent_brings_another(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = asked("completed")

    def add_and_write(one: Batch) -> Any:
        Batch.objects.update(last_added_at=timezone.now() - timedelta(seconds=30))
        return message_of(one)

    message_of = notices.message_of
    monkeypatch.setattr(notices, "message_of", add_and_write)
    send_due_notices()
    batch.refresh_from_db()
    assert batch.notified_at is None


def test_a_site_without_a_mail_server_does_nothing(
    owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    asked("completed")
    assert not is_any_due() and send_due_notices() == 0
    call_command("send_notices")
    assert "set STEMSITE_EMAIL_URL" in capsys.readouterr().out


def test_names_of_songs_cannot_forge_a_mail(mailbox: Mailbox) -> None:
    batch = asked(name="A\r\nBcc: all@example.org")
    add_song(batch, "x\r\nBcc: all@example.org.wav", status="completed")
    send_due_notices()
    assert mailbox.taken[0]["Bcc"] is None
    assert mailbox.taken[0].get_all("To") == ["owner@example.org"]


@pytest.mark.parametrize("sender", ["stems@example.org", "The stems <stems@example.org>"])
def test_the_identity_of_a_mail_is_of_the_domain_that_sends_it(
    mailbox: Mailbox, settings: Settings, sender: str
) -> None:
    settings.DEFAULT_FROM_EMAIL = sender
    batch = asked("completed")
    send_due_notices()
    identity = mailbox.taken[0]["Message-ID"].strip()
    assert identity.startswith(f"<batch-{batch.pk.hex}-") and identity.endswith("@example.org>")


def test_each_further_try_waits_three_times_as_long_up_to_four_hours() -> None:
    minutes = [pause_after(tries).total_seconds() / 60 for tries in range(1, 8)]
    assert minutes == [1, 3, 9, 27, 81, 240, 240]
