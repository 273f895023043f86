"""What a backup holds, when it is refused, and what it leaves behind."""

import fcntl
import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from jobs.models import Job
from jobs.services.backup import layout, making
from jobs.services.backup.database import save_database
from jobs.services.backup.layout import BackupFailed
from jobs.services.backup.making import make_backup
from jobs.services.backup.schedule import is_backup_due
from jobs.services.job.delete import delete_job
from tests.factories import make_artifact, make_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def completed() -> Job:
    job = make_job(status="completed")
    make_artifact(job)
    return job


def test_it_holds_the_database_the_songs_and_the_results(root: Path) -> None:
    job = completed()
    made = make_backup(root)
    assert (made.jobs, made.songs, made.missing) == (1, 1, [])
    assert (made.folder / "outputs" / str(job.pk) / "spectral_output" / "vocals.wav").is_file()
    name = job.source.path.name
    assert (made.folder / "uploads" / name[:2] / name).read_bytes() == job.source.path.read_bytes()
    with sqlite3.connect(made.folder / "database.sqlite3") as copy:
        assert copy.execute("SELECT id FROM jobs_job").fetchall() == [(job.pk.hex,)]
    assert made.folder.stat().st_mode & 0o077 == 0


def test_a_file_takes_no_room_on_the_same_disk_unless_a_copy_is_asked_for(
    root: Path, tmp_path: Path
) -> None:
    file = completed().artifacts.get().file
    inside = file.relative_to(tmp_path)
    assert (make_backup(root).folder / inside).samefile(file)
    copied = make_backup(tmp_path / "copies", link=False).folder / inside
    assert not copied.samefile(file)
    assert copied.read_bytes() == file.read_bytes()


def test_a_file_with_two_names_is_in_it_once(root: Path) -> None:
    job = completed()
    make_artifact(job, "voice", path="spectral_output/vocals.wav", same_as="vocals")
    made = make_backup(root)
    assert (made.files, made.missing) == (2, [])


def test_the_next_copy_shares_what_has_not_changed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = completed().artifacts.get().file.relative_to(tmp_path)
    first = make_backup(root, link=False).folder
    monkeypatch.setattr(layout, "name_at", lambda moment: "stemsite-20990101T000000Z")
    second = make_backup(root, link=False).folder
    assert (second / inside).samefile(first / inside)


def test_the_secret_key_is_in_it_only_when_asked_for(
    root: Path, tmp_path: Path, settings: Settings
) -> None:
    assert not (make_backup(root).folder / "secret_key").exists()
    key = make_backup(tmp_path / "keys", with_secret_key=True).folder / "secret_key"
    assert key.read_text() == settings.SECRET_KEY
    assert key.stat().st_mode & 0o077 == 0


def test_a_job_that_is_deleted_meanwhile_is_in_the_backup_with_its_files_or_not_at_all(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = completed(), completed()
    save = save_database

    def deleting(file: Path) -> object:
        delete_job(job=early)
        contents = save(file)
        delete_job(job=late)
        return contents

    monkeypatch.setattr(making, "save_database", deleting)
    made = make_backup(root)
    assert (made.jobs, made.missing) == (1, [])
    assert [path.name for path in (made.folder / "outputs").iterdir()] == [str(late.pk)]
    assert len(list((made.folder / "uploads").glob("*/*"))) == 1


def test_a_job_that_ends_meanwhile_has_its_files(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = save_database

    def adding(file: Path) -> object:
        completed()
        return save(file)

    monkeypatch.setattr(making, "save_database", adding)
    made = make_backup(root)
    assert (made.jobs, made.missing) == (1, [])
    assert made.files == 2


def test_a_file_that_is_missing_is_told_and_the_rest_is_saved(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = completed()
    make_artifact(job, "drums", content=b"")
    call_command("backup", str(root))
    said = capsys.readouterr()
    assert f"outputs/{job.pk}/spectral_output/drums.wav" in said.err
    assert "1 job(s), 1 song(s), 2 file(s)" in said.out


def test_two_at_once_are_refused(root: Path) -> None:
    root.mkdir()
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupFailed, match="Another backup"):
            make_backup(root)


def test_a_second_one_in_the_same_second_is_refused_and_the_first_is_kept(root: Path) -> None:
    names = {layout.name_at(datetime.now(UTC) + timedelta(seconds=more)) for more in range(60)}
    for name in names:
        (root / name).mkdir(parents=True)
    with pytest.raises(BackupFailed, match=r"is there already\. Try again in a second"):
        make_backup(root)
    assert {path.name for path in root.iterdir()} == {".lock", *names}


def test_a_failure_leaves_nothing_and_the_next_one_clears_what_a_kill_left(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = completed()
    left = root / ".tmp-stemsite-20260101T000000Z"
    left.mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(making, "_describe", lambda *given: (_ for _ in ()).throw(OSError("no room")))
        with pytest.raises(BackupFailed, match="no room"):
            make_backup(root)
    assert [path.name for path in root.iterdir()] == [".lock"]
    assert job.artifacts.get().file.is_file()


def test_only_the_newest_are_kept_and_nothing_else_is_touched(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "stemsite-of-mine").mkdir(parents=True)
    for second in (1, 2, 3):
        name = f"stemsite-20270101T00000{second}Z"
        monkeypatch.setattr(layout, "name_at", lambda moment, name=name: name)
        make_backup(root, keep=2)
    assert sorted(path.name for path in root.glob("s*")) == [
        "stemsite-20270101T000002Z",
        "stemsite-20270101T000003Z",
        "stemsite-of-mine",
    ]


def test_without_a_folder_it_says_which_setting_names_one() -> None:
    with pytest.raises(CommandError, match="STEMSITE_BACKUP_DIR"):
        call_command("backup")


def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="could not be made"):
        call_command("backup", str(tmp_path / "file" / "backups"))


def test_the_setting_says_when_the_next_one_is_due(root: Path, settings: Settings) -> None:
    settings.BACKUP_DIR = None
    assert not is_backup_due()
    settings.BACKUP_DIR, settings.BACKUP_HOURS = root, 24
    assert is_backup_due()
    made = make_backup(root).folder
    assert not is_backup_due()
    call_command("backup", str(root), "--if-due")
    assert layout.finished(root) == [made]
    shutil.move(made, root / "stemsite-20260101T000000Z")
    assert is_backup_due()


def test_it_says_what_it_is(root: Path) -> None:
    completed()
    about = json.loads((make_backup(root).folder / "backup.json").read_text())
    assert (about["format"], about["jobs"], about["songs"]) == (1, 1, 1)
    assert about["migrations"][0] == "0001_initial"
