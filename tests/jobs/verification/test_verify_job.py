"""Verifying a job finds whatever is not what was delivered, and records what it found."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.errors import JobConflict
from jobs.models import Artifact, Job, Verification
from jobs.models.verification import STALE_AFTER
from jobs.services.storage.integrity import scrub
from jobs.services.verification import (
    is_any_waiting,
    request_verification,
    verify_job,
    verify_waiting,
)
from tests.factories import make_job
from tests.jobs.verification.world import PREVIEW, change, make_verifiable

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    return make_verifiable()


def found(job: Job) -> list[str]:
    row = verify_job(job=Job.objects.get(pk=job.pk))
    assert row is not None and row.checked_at is not None
    return list(row.problems)


def test_what_was_delivered_holds(job: Job) -> None:
    assert found(job) == []
    row = Verification.objects.get()
    assert (row.state, row.files) == ("intact", 4)


@pytest.mark.parametrize("path", ["out/vocals.wav", PREVIEW])
def test_a_file_that_changed_or_is_missing_is_named(job: Job, path: str) -> None:
    change(job, path)
    (problem,) = found(job)
    assert path in problem and "not the file that was delivered" in problem
    (job.directory / path).unlink()
    (problem,) = found(job)
    assert path in problem and "missing" in problem
    assert Verification.objects.get().state == "damaged"


def test_a_damaged_track_is_refused_at_once(job: Job) -> None:
    change(job, "out/vocals.wav")
    found(job)
    assert Artifact.objects.get(name="vocals").is_damaged
    assert not Artifact.objects.get(name="drums").is_damaged


@pytest.mark.parametrize("text", ["{}", "[]", "{", '{"job_id": "another"}'])
def test_another_manifest_in_the_folder_is_found_and_left_as_it_is(job: Job, text: str) -> None:
    file = job.directory / "manifest.json"
    file.write_text(text)
    (problem,) = found(job)
    assert problem.startswith("manifest.json ") and file.read_text() == text
    file.unlink()
    assert found(job) == ["manifest.json is missing."]


def test_white_space_and_order_do_not_matter(job: Job) -> None:
    turned = dict(reversed(job.manifest.items()))
    (job.directory / "manifest.json").write_text(json.dumps(turned))
    assert found(job) == []


def test_a_manifest_that_was_changed_in_the_database_and_on_disk_is_found(job: Job) -> None:
    changed = {**job.manifest, "input_file": "Another.wav"}
    Job.objects.filter(pk=job.pk).update(manifest=changed)
    (job.directory / "manifest.json").write_text(json.dumps(changed))
    (problem,) = found(job)
    assert problem == "The manifest in the database is not the one that was recorded."


def test_a_job_of_an_older_version_gets_its_digest_at_its_first_verification(job: Job) -> None:
    digest = job.manifest_sha256
    Job.objects.filter(pk=job.pk).update(manifest_sha256="")
    assert found(job) == []
    assert Job.objects.get(pk=job.pk).manifest_sha256 == digest


def test_a_scrub_checks_the_same_files_and_mends_the_manifest(job: Job) -> None:
    change(job, PREVIEW)
    (job.directory / "manifest.json").write_text("{")
    done = scrub(everything=True)
    assert done.damaged == [f"{job.pk}: {PREVIEW}"] and done.manifests == [str(job.pk)]
    (problem,) = found(job)
    assert PREVIEW in problem


def test_a_request_waits_for_a_worker_and_a_repeated_one_waits_once(job: Job) -> None:
    assert not is_any_waiting()
    first = request_verification(job=job)
    again = request_verification(job=job)
    assert (first.pk, first.requested_at) == (again.pk, again.requested_at)
    assert first.state == "waiting" and is_any_waiting()
    (answered,) = verify_waiting()
    assert answered.state == "intact" and not is_any_waiting()
    assert verify_waiting() == []


def test_a_new_request_keeps_the_last_result_until_it_is_answered(job: Job) -> None:
    change(job, PREVIEW)
    found(job)
    row = request_verification(job=job)
    assert row.state == "waiting" and row.problems and row.checked_at
    verify_waiting()
    assert Verification.objects.get().state == "damaged"


def test_a_process_that_was_killed_is_replaced_after_a_while(job: Job) -> None:
    request_verification(job=job)
    Verification.objects.update(started_at=timezone.now())
    assert not is_any_waiting() and verify_waiting() == []
    long_ago = timezone.now() - STALE_AFTER - timedelta(seconds=1)
    Verification.objects.update(started_at=long_ago, requested_at=long_ago)
    assert is_any_waiting() and len(verify_waiting()) == 1


@pytest.mark.parametrize("status", ["pending", "processing", "failed", "cancelled"])
def test_a_job_without_files_cannot_be_verified(status: str) -> None:
    with pytest.raises(JobConflict, match="no files to verify"):
        request_verification(job=make_job(status=status))


def test_a_job_whose_audio_goes_meanwhile_gets_no_result(job: Job) -> None:
    request_verification(job=job)
    Job.objects.filter(pk=job.pk).update(audio_deleted_at=timezone.now())
    assert verify_waiting() == [] and not Verification.objects.exists()


def test_the_result_goes_with_the_job(job: Job) -> None:
    request_verification(job=job)
    Job.objects.filter(pk=job.pk).delete()
    assert verify_waiting() == [] and not Verification.objects.exists()
