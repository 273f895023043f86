"""Deleting an account: everything of it goes, and nothing else."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from jobs.errors import AccountClosed, JobConflict
from jobs.models import AccountClosure, Job, Source, Upload
from jobs.models.job import JobStatus
from jobs.models.preferences import Theme
from jobs.queue.lease import Lease
from jobs.services.account import account_deletion
from jobs.services.account.account_deletion import close_account, finish_closures
from jobs.services.account.preferences import set_theme
from jobs.services.account.tokens import create_token
from jobs.services.job.create import create_job
from jobs.services.sources.upload_parts import held_part
from jobs.services.uploads.session import begin_upload, receive
from jobs.worker import execute, runners
from jobs.worker.outcome import cancel
from jobs.worker.reaper import Housekeeping
from separation.request.separation_request import SeparationRequest
from tests.factories import make_artifact, make_job, make_source, wav_bytes
from tests.jobs.account.test_export import EXPORTED, LEFT_OUT, make_things
from tests.jobs.worker.test_execute import make_fake_job, own_runner, take

__all__ = ["own_runner"]

pytestmark = pytest.mark.django_db(transaction=True)


def files(settings: Settings) -> list[Path]:
    roots = (Path(settings.UPLOAD_DIR), Path(settings.OUTPUT_DIR))
    return [path for root in roots for path in root.rglob("*") if path.is_file()]


def rows_of(user_id: int) -> list[str]:
    """Kinds of rows that still point at the account, by the database itself."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column, (other_column, other_table) in connection.introspection.get_relations(
                cursor, table
            ).items():
                if (other_table, other_column) == ("auth_user", "id"):
                    cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE {column} = %s", [user_id])
                    found += [table] * cursor.fetchone()[0]
    return found


def test_rows_and_files_go_and_those_of_others_stay(
    owner: User, stranger: User, settings: Settings
) -> None:
    kept = make_things(stranger)
    make_things(owner)
    make_job(owner=owner)
    set_theme(owner=owner, theme=Theme.DARK)
    EmailAddress.objects.create(user=owner, email="owner@example.org")
    theirs = set(files(settings))
    pk = owner.pk
    assert close_account(owner=owner)
    assert rows_of(pk) == []
    assert not User.objects.filter(username="owner").exists()
    left = set(files(settings))
    assert {path for path in theirs if str(kept.pk) in str(path)} <= left
    assert left == {kept.source.path, *kept.directory.rglob("*.wav")} | {
        upload.part for upload in Upload.objects.all() if upload.part.exists()
    }
    assert Job.objects.get() == kept and Source.objects.get() == kept.source
    assert not (Path(settings.OUTPUT_DIR) / "work").exists()
    assert len(list(Path(settings.OUTPUT_DIR).iterdir())) == 1


def test_the_operators_line_has_numbers_and_no_name(
    owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="jobs")
    job = make_things(owner)
    size = job.source.size_bytes + job.artifacts.get().size_bytes
    close_account(owner=owner)
    line = AccountClosure.objects.get()
    assert (line.account_id, line.jobs, line.songs, line.size_bytes) == (None, 1, 1, size)
    assert line.completed_at is not None
    assert f"an account is deleted, with 1 job(s), 1 song(s), {size} bytes" in caplog.text
    assert "owner" not in caplog.text and "Song of" not in caplog.text


def test_the_log_of_the_admin_forgets_names(owner: User, staff: User) -> None:
    job = make_things(owner)
    for row in (job, owner):
        LogEntry.objects.create(
            user=staff,
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            object_repr=str(row),
            action_flag=CHANGE,
            change_message=f"changed {row}",
        )
    close_account(owner=owner)
    told = LogEntry.objects.values_list("object_repr", "change_message")
    assert list(told) == [("deleted with its account", "")] * 2


def test_sessions_end_and_those_of_others_do_not(owner: User, stranger: User) -> None:
    clients = {}
    for user in (owner, stranger):
        clients[user.username] = Client()
        clients[user.username].force_login(user)
    close_account(owner=owner)
    assert clients["owner"].get("/jobs/").status_code == 302
    assert clients["stranger"].get("/jobs/").status_code == 200
    assert Session.objects.count() == 1


def test_a_running_job_is_stopped_first_and_goes_when_it_has(
    owner: User, settings: Settings
) -> None:
    job = make_job(owner=owner, status=JobStatus.PROCESSING)
    artifact = make_artifact(make_job(owner=owner, status=JobStatus.COMPLETED))
    secret = create_token(owner=owner).secret
    pk = owner.pk
    assert not close_account(owner=owner)
    assert Job.objects.get().cancel_requested, "only the running one is left, told to stop"
    assert not artifact.file.exists()
    assert not User.objects.get(pk=pk).is_active
    assert (
        Client().get("/api/v1/jobs", headers={"Authorization": f"Token {secret}"}).status_code
        == 401
    )
    assert finish_closures() == 0, "its worker still writes to its folder"
    cancel(Lease(job))
    assert finish_closures() == 1
    assert rows_of(pk) == [] and files(settings) == []


def test_a_real_worker_is_stopped_and_leaves_no_file(
    owner: User, settings: Settings, own_runner: None
) -> None:
    job = take(make_fake_job("slow", seconds=3.0))
    pk, closed = owner.pk, []

    def close() -> None:
        while not list(job.directory.rglob("*.wav")):
            time.sleep(0.02)
        closed.append(close_account(owner=owner))
        connection.close()

    thread = threading.Thread(target=close)
    thread.start()
    execute.execute(job)
    thread.join()
    assert closed == [False]
    assert Job.objects.get().status == JobStatus.CANCELLED
    runners.discard_runner()
    assert finish_closures() == 1
    assert rows_of(pk) == [] and files(settings) == []
    assert not job.directory.exists()


def test_the_housekeeping_goes_on_with_it(owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.PROCESSING)
    close_account(owner=owner)
    cancel(Lease(job))
    Housekeeping().turn()
    assert not User.objects.exists()
    assert AccountClosure.objects.get().completed_at is not None


def test_closing_twice_is_closing_once(owner: User) -> None:
    make_job(owner=owner, status=JobStatus.PROCESSING)
    assert not close_account(owner=owner)
    assert not close_account(owner=owner)
    Job.objects.update(status=JobStatus.CANCELLED, lease_token=None)
    assert close_account(owner=owner)
    with pytest.raises(AccountClosed):
        close_account(owner=owner)
    assert AccountClosure.objects.count() == 1


def test_a_deletion_that_breaks_off_keeps_no_rows_without_files_and_is_taken_up_again(
    owner: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_deletion, "PORTION", 1)
    jobs = [make_job(owner=owner, status=JobStatus.COMPLETED) for _ in range(2)]
    for job in jobs:
        make_artifact(job)
    usual = account_deletion._count
    counted: list[int] = []

    def breaks(closure: AccountClosure, **more: int) -> None:
        counted.append(1)
        if len(counted) == 2:
            raise RuntimeError("the server was switched off")
        usual(closure, **more)

    monkeypatch.setattr(account_deletion, "_count", breaks)
    with pytest.raises(RuntimeError):
        close_account(owner=owner)
    left = Job.objects.get()
    assert left.directory.exists(), "its row is still there"
    assert [job.directory.exists() for job in jobs].count(True) == 1
    assert finish_closures() == 1
    assert files(settings) == []
    assert AccountClosure.objects.get().jobs == 2


def test_one_that_cannot_go_on_keeps_no_other_waiting_and_is_told(
    owner: User, stranger: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (owner, stranger):
        AccountClosure.objects.create(account=user)
    usual = account_deletion._remove_account

    def breaks(closure: AccountClosure, user: User) -> bool:
        if user == owner:
            raise RuntimeError("a fault of ours")
        return usual(closure, user)

    monkeypatch.setattr(account_deletion, "_remove_account", breaks)
    with pytest.raises(ExceptionGroup) as raised:
        finish_closures()
    assert User.objects.get() == owner
    assert [str(error) for error in raised.value.exceptions] == ["a fault of ours"]


def test_nothing_new_comes_into_a_closed_account(owner: User) -> None:
    source = make_source(owner=owner)
    upload = begin_upload(owner=owner, name="a.wav", size_bytes=10, request=None)
    make_job(owner=owner, source=source, status=JobStatus.PROCESSING)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    with pytest.raises(AccountClosed):
        create_job(owner=owner, source=source, request=SeparationRequest(separator="spectral"))
    with pytest.raises(AccountClosed):
        begin_upload(owner=owner, name="b.wav", size_bytes=10, request=None)
    with pytest.raises(AccountClosed):
        create_token(owner=owner)
    assert Upload.objects.get() == upload


def test_a_song_whose_last_byte_comes_after_the_end_is_thrown_away(
    owner: User, settings: Settings
) -> None:
    song = wav_bytes()
    upload = begin_upload(owner=owner, name="a.wav", size_bytes=len(song), request=None)
    receive(upload, chunks=[song[:1000]], offset=0)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    with pytest.raises(AccountClosed):
        receive(upload, chunks=[song[1000:]], offset=1000)
    assert files(settings) == [] and not Source.objects.exists()


def test_an_upload_that_is_being_sent_is_waited_for(owner: User, settings: Settings) -> None:
    upload = begin_upload(owner=owner, name="a.wav", size_bytes=10, request=None)
    with held_part(upload):
        assert not close_account(owner=owner)
    assert finish_closures() == 1
    assert files(settings) == []


def test_a_long_upload_is_told_soon_that_its_account_is_closed(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.services.sources.upload_parts.NOTED_EVERY_S", 0.0)
    upload = begin_upload(owner=owner, name="a.wav", size_bytes=10**6, request=None)
    sent: list[int] = []

    def chunks() -> Iterator[bytes]:
        for n in range(10):
            sent.append(n)
            if n == 2:
                User.objects.filter(pk=owner.pk).update(is_active=False)
            yield b"x" * 100

    with pytest.raises(AccountClosed):
        receive(upload, chunks=chunks(), offset=0)
    assert sent == [0, 1, 2]


def test_the_only_administrator_stays(staff: User) -> None:
    with pytest.raises(JobConflict, match="the only administrator"):
        close_account(owner=staff)
    assert User.objects.get().is_active
    User.objects.create_superuser("second", password="x")
    assert close_account(owner=staff)


def test_no_kind_of_row_can_keep_an_account_from_going() -> None:
    """A new model that protects its owner fails here until the deletion removes it first."""
    protecting = {
        relation.related_model._meta.label
        for relation in User._meta.related_objects
        if getattr(relation.on_delete, "__name__", "") in ("PROTECT", "RESTRICT", "DO_NOTHING")
    }
    assert protecting == {"jobs.Job", "jobs.Source"}
    assert protecting <= {*EXPORTED, *LEFT_OUT}
