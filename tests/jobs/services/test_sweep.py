import os
import time
import uuid
from pathlib import Path

from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from jobs.models import Source
from jobs.services.housekeeping.sweep import (
    sweep_downloads,
    sweep_mixes,
    sweep_outputs,
    sweep_uploads,
)
from tests.factories import make_job, make_source


def folder(path: Path, *, days: float) -> Path:
    path.mkdir(parents=True)
    file = path / "file"
    file.write_bytes(b"x")
    changed_at = time.time() - days * 24 * 3600
    for each in (file, path):
        os.utime(each, (changed_at, changed_at))
    return path


def test_old_folders_of_jobs_without_a_row_go(owner: User, settings: Settings) -> None:
    outputs = Path(settings.OUTPUT_DIR)
    kept = [folder(make_job().directory, days=9) for _ in range(3)]
    kept.append(folder(outputs / str(uuid.uuid4()), days=0.9))
    kept.append(folder(outputs / "notes of the operator", days=9))
    orphan = folder(outputs / str(uuid.uuid4()), days=1.1)
    assert sweep_outputs() == 1
    assert not orphan.exists() and all(path.exists() for path in kept)


def test_a_folder_with_a_young_file_stays(owner: User, settings: Settings) -> None:
    folder(make_job().directory, days=9)
    orphan = folder(Path(settings.OUTPUT_DIR) / str(uuid.uuid4()), days=9)
    (orphan / "file").write_bytes(b"new")
    os.utime(orphan, (0, 0))
    assert sweep_outputs() == 0
    assert orphan.exists()


def test_nothing_goes_when_the_database_seems_to_be_another(
    owner: User, settings: Settings
) -> None:
    folder(make_job().directory, days=9)
    others = [folder(Path(settings.OUTPUT_DIR) / str(uuid.uuid4()), days=9) for _ in range(2)]
    assert sweep_outputs() == 0
    assert all(path.exists() for path in others)


def test_what_a_link_leads_to_is_not_followed(
    owner: User, settings: Settings, tmp_path: Path
) -> None:
    folder(make_job().directory, days=9)
    elsewhere = folder(tmp_path / "elsewhere", days=9)
    (Path(settings.OUTPUT_DIR) / str(uuid.uuid4())).symlink_to(elsewhere)
    assert sweep_outputs() == 0
    assert (elsewhere / "file").exists()


def test_leftovers_of_broken_downloads_go_and_models_stay(settings: Settings) -> None:
    models = Path(settings.MODEL_DIR)
    assert sweep_downloads() == 0
    kept = [folder(models / "htdemucs-mine", days=9), folder(models / ".htdemucs-new", days=0.5)]
    broken = folder(models / ".htdemucs_ft-x1y2z3", days=2)
    assert sweep_downloads() == 1
    assert not broken.exists() and all(path.exists() for path in kept)


def upload(*, days: float) -> Path:
    """A file where a source would lie, without a row."""
    return file(Source(pk=uuid.uuid4()).path, days=days)


def file(path: Path, *, days: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    changed_at = time.time() - days * 24 * 3600
    os.utime(path, (changed_at, changed_at))
    return path


def test_old_uploads_without_a_row_go(owner: User, settings: Settings) -> None:
    uploads = Path(settings.UPLOAD_DIR)
    kept = [file(make_source().path, days=9) for _ in range(3)]
    kept.append(upload(days=0.9))
    kept += [file(uploads / name, days=9) for name in ("ab/notes", f"zz/{uuid.uuid4().hex}")]
    orphan = upload(days=1.1)
    assert sweep_uploads() == 1
    assert not orphan.exists() and all(path.exists() for path in kept)


def test_no_upload_goes_when_the_database_seems_to_be_another(owner: User) -> None:
    file(make_source().path, days=9)
    others = [upload(days=9) for _ in range(2)]
    assert sweep_uploads() == 0
    assert all(path.exists() for path in others)


def test_of_mixes_that_broke_off_the_old_ones_go(settings: Settings) -> None:
    tmp = Path(settings.FILE_UPLOAD_TEMP_DIR)
    kept = [folder(tmp / "mix-young", days=0.5), folder(tmp / "other", days=9)]
    broken = folder(tmp / "mix-old", days=1.1)
    assert sweep_mixes() == 1
    assert not broken.exists() and all(path.exists() for path in kept)
