"""``manage.py verify``: exit code 0 only when everything holds."""

import io
import json
import shutil
import uuid
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from jobs.management import verified_manifest
from jobs.models import Job, Verification
from jobs.services.verification import request_verification
from tests.factories import make_job
from tests.jobs.verification.world import PREVIEW, change, make_verifiable

pytestmark = pytest.mark.django_db


def verify(*targets: object, **options: bool) -> tuple[int, str]:
    said = io.StringIO()
    try:
        call_command("verify", *map(str, targets), stdout=said, stderr=said, **options)
    except SystemExit as ended:
        return int(str(ended.code)), said.getvalue()
    return 0, said.getvalue()


@pytest.fixture
def job() -> Job:
    return make_verifiable()


def test_a_job_that_holds_ends_with_0_and_is_recorded(job: Job) -> None:
    code, said = verify(job.pk)
    assert code == 0 and f"{job.pk}: 4 file(s) hold" in said
    assert Verification.objects.get().state == "intact"


def test_one_damaged_file_ends_with_1_and_is_named(job: Job) -> None:
    other = make_verifiable()
    change(other, PREVIEW)
    code, said = verify(job.pk, other.pk)
    assert code == 1 and f"{other.pk}: {PREVIEW} is not the file" in said
    assert "2 verified, 1 damaged" in said


def test_all_takes_every_job_with_files(job: Job) -> None:
    make_job(status="failed")
    gone = make_verifiable()
    Job.objects.filter(pk=gone.pk).update(audio_deleted_at=timezone.now())
    assert verify(all=True) == (
        0,
        f"{job.pk}: 4 file(s) hold\n1 verified, 0 damaged, 0 cannot be verified\n",
    )


def test_what_cannot_be_verified_ends_with_2_and_the_reason(job: Job, tmp_path: Path) -> None:
    gone = make_verifiable()
    Job.objects.filter(pk=gone.pk).update(audio_deleted_at=timezone.now())
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "new.json").write_text(json.dumps({**job.manifest, "version": "3.0"}))
    (tmp_path / "old.json").write_text(json.dumps({**job.manifest, "artifacts": []}))
    (tmp_path / "failed.json").write_text(json.dumps({**job.manifest, "status": "failed"}))
    for target, why in (
        (uuid.uuid4(), "no such job"),
        (make_job(status="failed").pk, "it is failed"),
        (gone.pk, "was deleted on"),
        (tmp_path / "nowhere.json", "No such file"),
        (tmp_path / "bad.json", "not JSON"),
        (tmp_path / "new.json", "Update stemsite"),
        (tmp_path / "old.json", "no digests"),
        (tmp_path / "failed.json", "job is failed"),
        (tmp_path, "No such file"),
    ):
        code, said = verify(target)
        assert code == 2 and why in said, said


def test_a_manifest_and_its_folder_are_verified_where_they_lie(job: Job, tmp_path: Path) -> None:
    copy = shutil.copytree(job.directory, tmp_path / "copy")
    assert verify(copy)[0] == verify(copy / "manifest.json")[0] == 0
    (copy / PREVIEW).unlink()
    code, said = verify(copy)
    assert code == 1 and f"{PREVIEW} is missing" in said


def test_a_manifest_of_this_site_is_compared_with_its_digest(job: Job, tmp_path: Path) -> None:
    copy = shutil.copytree(job.directory, tmp_path / "copy")
    (copy / "manifest.json").write_text(json.dumps({**job.manifest, "input_file": "x.wav"}))
    code, said = verify(copy)
    assert code == 1 and "not the manifest that this site recorded" in said


def test_without_a_database_the_files_are_verified_and_the_rest_is_told(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Nowhere:
        class objects:  # the name of Django's manager
            @staticmethod
            def filter(**_: object) -> None:
                raise DatabaseError("no such table")

    monkeypatch.setattr(verified_manifest, "Job", Nowhere)
    code, said = verify(job.directory)
    assert code == 0 and "4 file(s) hold; the manifest's own digest is kept by the site" in said


def test_no_target_is_refused_in_words() -> None:
    with pytest.raises(CommandError, match="--all"):
        verify()


def test_what_people_requested_is_answered(job: Job) -> None:
    request_verification(job=job)
    change(job, PREVIEW)
    assert verify(waiting=True) == (0, "")
    assert Verification.objects.get().state == "damaged"
