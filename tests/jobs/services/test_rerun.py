"""A repetition of a job: the stages that ran, not those that would run now."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from jobs.models import Job
from jobs.queue.claim import claim_next
from jobs.queue.lease import Lease
from jobs.services.job.rerun import rerun_job
from jobs.worker.attempt import job_spec
from separation.errors import NotRepeatable
from separation.pipeline.manifest import InputRecord, Manifest, SeparationRecord, StageRecord
from separation.pipeline.manifest_writer import manifest_parameters
from separation.protocol.jobspec import StageRequest
from separation.stages.registry import check_pipeline
from tests.factories import make_job
from tests.jobs.verification.world import make_verifiable

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    job = make_verifiable()
    stages = check_pipeline([StageRequest.model_validate(stage) for stage in job.pipeline])
    manifest = Manifest.model_validate(job.manifest).model_copy(
        update={
            "input": InputRecord(sha256=job.source.sha256, size_bytes=job.source.size_bytes),
            "separation": SeparationRecord(
                separator="spectral", model="spectral", version="1", weights_digest="0" * 64,
                engine="numpy", precision="float32", device="cpu",
            ),
            "stages": tuple(
                StageRecord(
                    name=stage.name,
                    processor_type=stage.processor_type,
                    status="completed",
                    version=stage.version,
                    parameters=manifest_parameters(stage),
                )
                for stage in stages
            ),
        }
    )  # fmt: skip
    job.manifest = manifest.model_dump(mode="json")
    job.save(update_fields=["manifest"])
    return job


@pytest.fixture
def page(client: Client, job: Job) -> Client:
    client.force_login(job.owner)
    return client


def shown(page: Client, job: Job) -> str:
    return page.get(reverse("jobs:detail", args=[job.pk])).content.decode()


def test_it_is_a_job_of_its_own_that_names_what_it_repeats(job: Job) -> None:
    new = rerun_job(job=job)
    assert (new.status, new.repeats, new.source) == ("pending", job, job.source)
    assert new.pk != job.pk and new.request == job.request
    assert [stage.name for stage in new.stages.all()] == [s["name"] for s in job.manifest["stages"]]


def test_a_second_request_gets_the_job_that_waits(job: Job) -> None:
    new = rerun_job(job=job)
    assert rerun_job(job=job) == new
    Job.objects.filter(pk=new.pk).update(status="cancelled")
    assert rerun_job(job=job) != new


def test_what_auto_chose_runs_again(job: Job) -> None:
    (stage,) = [each for each in job.manifest["stages"] if each["name"] == "separation"]
    stage["parameters"]["separator"] = "auto"
    job.save(update_fields=["manifest"])
    pipeline = {each["name"]: each["params"] for each in rerun_job(job=job).pipeline}
    assert pipeline["separation"]["separator"] == "spectral"


@pytest.mark.parametrize("is_deleted", [False, True])
def test_the_runner_gets_manifest_and_files_of_the_job(job: Job, is_deleted: bool) -> None:
    new = rerun_job(job=job)
    if is_deleted:
        Job.objects.filter(pk=job.pk).update(audio_deleted_at=job.created_at)
    token = new.pk
    claimed = claim_next(worker="test:1", token=token)
    assert claimed == new
    repeats = job_spec(claimed, Lease(claimed)).repeats
    assert repeats is not None and repeats.manifest == job.manifest
    assert repeats.files == (None if is_deleted else job.directory)


def test_a_repetition_outlives_the_job_that_it_repeats(job: Job) -> None:
    new = rerun_job(job=job)
    Job.objects.filter(pk=job.pk).delete()
    new.refresh_from_db()
    assert new.repeats is None
    claimed = claim_next(worker="test:1", token=new.pk)
    assert claimed is not None and job_spec(claimed, Lease(claimed)).repeats is None


@pytest.mark.parametrize("status", ["pending", "processing", "failed", "cancelled"])
def test_only_a_completed_job_is_repeated(status: str) -> None:
    with pytest.raises(NotRepeatable, match=f"The job is {status}"):
        rerun_job(job=make_job(status=status))


def test_the_api_answers_with_the_new_job(job: Job) -> None:
    api = APIClient()
    api.force_authenticate(job.owner)
    answer = api.post(f"/api/v1/jobs/{job.pk}/rerun")
    assert answer.status_code == 201
    told = api.get(answer.headers["Location"]).json()
    assert told["repeats"] == str(job.pk)
    assert api.get(f"/api/v1/jobs/{job.pk}").json()["repeats"] is None
    refused = api.post(f"/api/v1/jobs/{make_job(owner=job.owner).pk}/rerun")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_repeatable")


def test_the_page_offers_it_and_leads_to_the_new_job(page: Client, job: Job) -> None:
    address = reverse("jobs:rerun", args=[job.pk])
    assert f'action="{address}"' in shown(page, job)
    answer = page.post(address)
    new = Job.objects.get(repeats=job)
    assert answer["Location"] == reverse("jobs:detail", args=[new.pk])


def test_a_refusal_stands_on_the_page_of_the_job(page: Client, job: Job) -> None:
    failed = make_job(owner=job.owner, status="failed")
    answer = page.post(reverse("jobs:rerun", args=[failed.pk]), follow=True)
    assert "only a completed job can run again exactly" in answer.content.decode()


DIFFERS: dict[str, Any] = {
    "is_identical": False,
    "reasons": ["engine: torch then, openvino now"],
    "artifacts": [
        {"name": "vocals", "is_identical": False, "sdr_db": 71.25, "note": ""},
        {"name": "drums", "is_identical": True, "sdr_db": None, "note": ""},
    ],
}


def test_the_page_of_a_repetition_shows_the_comparison(page: Client, job: Job) -> None:
    same = {**DIFFERS, "is_identical": True, "reasons": []}
    manifest = {**job.manifest, "repeats": {"job_id": str(job.pk), **same}}
    new = make_job(owner=job.owner, status="completed", repeats=job, manifest=manifest)
    text = shown(page, new)
    assert reverse("jobs:detail", args=[job.pk]) in text
    assert "All files are bit-identical" in text
    new.manifest["repeats"] = {"job_id": str(job.pk), **DIFFERS}
    new.save(update_fields=["manifest"])
    text = shown(page, new)
    assert "differs by 71.3 dB SDR" in text and "Drums: bit-identical" in text
    assert "engine: torch then, openvino now" in text
