"""What is refused before anything is written; test_documented.py restores."""

import json
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from jobs.services.backup.layout import BackupFailed
from jobs.services.backup.making import make_backup
from jobs.services.backup.restoring import restore
from tests.factories import make_artifact, make_job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backup(tmp_path: Path, settings: Settings) -> Path:
    """Of a site with one job; afterwards the folders are those of another one."""
    make_artifact(make_job(status="completed"))
    made = make_backup(tmp_path / "backups").folder
    settings.DATA_DIR = tmp_path / "new"
    settings.UPLOAD_DIR, settings.OUTPUT_DIR = tmp_path / "new/uploads", tmp_path / "new/outputs"
    settings.DATA_DIR.mkdir()
    return made


def refusal(backup: Path, site: Path) -> str:
    with pytest.raises(BackupFailed) as caught:
        restore(backup)
    assert list(site.rglob("*")) == []
    return str(caught.value)


@pytest.fixture
def new(backup: Path, tmp_path: Path) -> Path:
    return tmp_path / "new"


def test_a_site_that_is_there_is_not_overwritten(backup: Path, new: Path) -> None:
    assert "has a database already" in refusal(backup, new)


@pytest.mark.parametrize("folder", ["uploads", "outputs"])
def test_songs_and_results_that_are_there_are_not_mixed_with_those_of_a_backup(
    backup: Path, new: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setattr(connection.introspection, "table_names", lambda: [])
    (new / folder / "ab").mkdir(parents=True)
    (new / folder / "ab" / "song.wav").write_bytes(b"mine")
    with pytest.raises(BackupFailed, match=f"{folder} has songs or results already"):
        restore(backup)
    assert [path.name for path in new.rglob("*") if path.is_file()] == ["song.wav"]


def test_a_damaged_database_is_refused(backup: Path, new: Path) -> None:
    file = backup / "database.sqlite3"
    file.write_bytes(file.read_bytes()[:-4096])
    assert "database.sqlite3 is missing or damaged" in refusal(backup, new)


def test_a_damaged_or_missing_file_is_refused_by_name(backup: Path, new: Path) -> None:
    first = (backup / "files.tsv").read_text().splitlines()[0].partition("\t")[2]
    (backup / first).unlink()
    assert first in refusal(backup, new)
    (backup / first).write_bytes(b"short")
    assert first in refusal(backup, new)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"format": 2}, "older version"),
        ({"migrations": ["0001_initial", "9999_later"]}, "9999_later"),
        ({"database": "database.pgdump"}, "PostgreSQL"),
        ({"jobs": "many"}, "damaged"),
    ],
)
def test_what_this_version_cannot_read_is_refused(
    backup: Path, new: Path, changes: dict[str, object], word: str
) -> None:
    file = backup / "backup.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    assert word in refusal(backup, new)


def test_the_folder_of_backups_is_no_backup_and_one_of_it_is_named(backup: Path, new: Path) -> None:
    assert backup.name in refusal(backup.parent, new)
