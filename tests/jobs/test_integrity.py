"""A damaged result is never served as good."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.errors import ArtifactDamaged
from jobs.models import Artifact, Job
from jobs.services.storage import integrity
from jobs.services.storage.integrity import ensure_intact, is_scrub_due, scrub
from tests.factories import make_artifact, make_job, make_user, wav_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    job = make_job(status="completed", manifest={"job_id": "1", "status": "completed"})
    make_artifact(job)
    make_artifact(job, "drums")
    return job


@pytest.fixture
def vocals(job: Job) -> Artifact:
    return job.artifacts.get(name="vocals")


@pytest.fixture
def api() -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user("owner"))
    return client


@pytest.fixture
def page(client: Client) -> Client:
    client.force_login(make_user("owner"))
    return client


def flip_a_bit(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[1000] ^= 1
    file.write_bytes(data)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


DAMAGE = [flip_a_bit, cut, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_track_is_refused_by_name(
    api: APIClient, job: Job, vocals: Artifact, damage: object
) -> None:
    address = f"/api/v1/jobs/{job.pk}/download/vocals"
    assert api.get(address).status_code == 200
    damage(vocals.file)  # type: ignore[operator]
    answer = api.get(address)
    assert (answer.status_code, answer.json()["code"]) == (409, "artifact_damaged")
    assert "vocals" in answer.json()["detail"]
    assert str(vocals.file.parent) not in answer.json()["detail"]
    assert api.get(f"/api/v1/jobs/{job.pk}/download/drums").status_code == 200


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_zip_without_one_of_its_files_is_refused(
    api: APIClient, job: Job, vocals: Artifact, damage: object
) -> None:
    address = f"/api/v1/jobs/{job.pk}/download/all"
    assert api.get(address).status_code == 200
    damage(vocals.file)  # type: ignore[operator]
    answer = api.get(address)
    assert (answer.status_code, answer.json()["code"]) == (409, "artifact_damaged")


def test_bits_that_change_without_a_trace_are_found_before_a_zip_of_an_old_song(
    api: APIClient, job: Job, vocals: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that loses them: no time of the file says so."""
    monkeypatch.setattr(integrity, "_CLOCK_STEP", timedelta(0))
    flip_a_bit(vocals.file)
    Artifact.objects.update(checked_at=timezone.now())
    assert api.get(f"/api/v1/jobs/{job.pk}/download/all").status_code == 200
    monkeypatch.setattr(integrity, "BEFORE_MANY", timedelta(0))
    assert api.get(f"/api/v1/jobs/{job.pk}/download/all").status_code == 409


@pytest.mark.parametrize(("hours", "status"), [(23.5, 200), (24.5, 409)])
def test_a_zip_believes_a_digest_for_a_day(
    api: APIClient,
    job: Job,
    vocals: Artifact,
    monkeypatch: pytest.MonkeyPatch,
    hours: float,
    status: int,
) -> None:
    monkeypatch.setattr(integrity, "_CLOCK_STEP", timedelta(days=-9))
    flip_a_bit(vocals.file)
    Artifact.objects.update(checked_at=timezone.now() - timedelta(hours=hours))
    assert api.get(f"/api/v1/jobs/{job.pk}/download/all").status_code == status


def test_an_unchanged_file_is_read_once(
    api: APIClient, job: Job, vocals: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    digest = integrity._digest
    monkeypatch.setattr(
        integrity, "_digest", lambda each: [read.append(each.name), digest(each)][1]
    )
    monkeypatch.setattr(integrity, "_CLOCK_STEP", timedelta(0))
    for _ in range(3):
        assert api.get(f"/api/v1/jobs/{job.pk}/download/vocals").status_code == 200
    assert read == ["vocals"]


def test_a_file_that_was_put_right_is_handed_out_again(vocals: Artifact) -> None:
    cut(vocals.file)
    with pytest.raises(ArtifactDamaged):
        ensure_intact(vocals)
    vocals.file.write_bytes(wav_bytes())
    ensure_intact(vocals)
    vocals.refresh_from_db()
    assert not vocals.is_damaged


def test_its_owner_sees_what_is_damaged_and_separates_again(
    page: Client, job: Job, vocals: Artifact
) -> None:
    assert "artifact_damaged" not in page.get(f"/jobs/{job.pk}/").content.decode()
    cut(vocals.file)
    text = page.get(f"/jobs/{job.pk}/").content.decode()
    assert "artifact_damaged" in text and f"/jobs/{job.pk}/anew/" in text
    answer = page.post(f"/jobs/{job.pk}/anew/")
    made = Job.objects.exclude(pk=job.pk).get()
    assert answer.headers["Location"] == f"/jobs/{made.pk}/"
    assert (made.request, made.source) == (job.request, job.source)
    page.post(f"/jobs/{job.pk}/anew/")
    assert Job.objects.count() == 2


def test_a_download_from_the_page_leads_back_with_the_reason(
    page: Client, job: Job, vocals: Artifact
) -> None:
    cut(vocals.file)
    for address in (f"/jobs/{job.pk}/tracks/vocals/", f"/jobs/{job.pk}/tracks.zip"):
        answer = page.get(address, follow=True)
        assert answer.redirect_chain and "damaged or missing" in answer.content.decode()


@pytest.mark.parametrize("name", ["stranger", None])
def test_nobody_else_separates_it_again(client: Client, job: Job, name: str | None) -> None:
    if name:
        client.force_login(make_user(name))
    answer = client.post(f"/jobs/{job.pk}/anew/")
    assert answer.status_code == (404 if name else 302)
    assert Job.objects.count() == 1


def test_deleted_audio_is_not_damaged(page: Client, job: Job, vocals: Artifact) -> None:
    vocals.file.unlink()
    Job.objects.update(audio_deleted_at=timezone.now())
    assert "artifact_damaged" not in page.get(f"/jobs/{job.pk}/").content.decode()
    assert scrub(everything=True).files == 0


def test_the_scrubber_finds_what_nobody_asked_for(job: Job, vocals: Artifact) -> None:
    assert scrub().damaged == []
    assert not is_scrub_due()
    flip_a_bit(vocals.file)
    assert scrub().files == 0
    done = scrub(everything=True)
    assert (done.files, done.damaged) == (2, [f"{job.pk}: {vocals.path}"])
    vocals.refresh_from_db()
    assert vocals.is_damaged


def test_a_file_is_due_again_after_the_days_of_the_setting(job: Job, settings: Settings) -> None:
    Artifact.objects.update(checked_at=timezone.now() - timedelta(days=10))
    settings.SCRUB_DAYS = 11
    assert not is_scrub_due()
    settings.SCRUB_DAYS = 9
    assert is_scrub_due() and scrub().files == 2
    settings.SCRUB_DAYS = 0
    assert not is_scrub_due()


@pytest.mark.parametrize("text", [None, "", "{", '{"job_id": "2"}', "\xff"])
def test_a_damaged_manifest_is_written_anew_from_the_row(job: Job, text: str | None) -> None:
    file = job.directory / "manifest.json"
    if text is not None:
        file.write_text(text, encoding="latin-1")
    assert scrub(everything=True).manifests == [str(job.pk)]
    assert json.loads(file.read_text()) == job.manifest
    before = file.stat().st_mtime_ns
    assert scrub(everything=True).manifests == []
    assert file.stat().st_mtime_ns == before


def test_the_command_ends_with_1_where_something_is_damaged(
    job: Job, vocals: Artifact, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("scrub", "--all")
    assert "2 file(s) checked, 0 damaged" in capsys.readouterr().out
    cut(vocals.file)
    with pytest.raises(SystemExit):
        call_command("scrub", "--all")
    assert f"damaged: {job.pk}: {vocals.path}" in capsys.readouterr().out


def test_a_turn_that_has_no_time_left_leaves_the_rest_for_the_next(job: Job) -> None:
    assert scrub(seconds=0).jobs_left == 1
    assert scrub(seconds=60).jobs_left == 0


def test_a_manifest_that_is_written_anew_can_be_read_by_people(job: Job) -> None:
    job.manifest = {"job_id": "1", "status": "completed", "input_file": "Grüße.wav"}
    job.save(update_fields=["manifest"])
    scrub(everything=True)
    text = (job.directory / "manifest.json").read_text(encoding="utf-8")
    assert '\n  "input_file": "Grüße.wav"' in text and text.endswith("}\n")


def test_a_check_that_cannot_be_kept_holds_for_this_answer(vocals: Artifact) -> None:
    def refuse(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE"):
            raise OperationalError("disk full")
        return run(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        ensure_intact(vocals)
        flip_a_bit(vocals.file)
        with pytest.raises(ArtifactDamaged):
            ensure_intact(vocals)
