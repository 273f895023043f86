"""Verifying from the page and by the API: a worker does it, and the result is shown."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from jobs.models import Job, Verification
from jobs.services.verification import verify_waiting
from tests.factories import make_job
from tests.jobs.verification.world import PREVIEW, change, make_verifiable

pytestmark = pytest.mark.django_db


@pytest.fixture
def job() -> Job:
    return make_verifiable()


@pytest.fixture
def api(job: Job) -> APIClient:
    client = APIClient()
    client.force_authenticate(job.owner)
    return client


@pytest.fixture
def page(client: Client, job: Job) -> Client:
    client.force_login(job.owner)
    return client


def shown(page: Client, job: Job) -> str:
    return page.get(reverse("jobs:detail", args=[job.pk])).content.decode()


def test_the_api_takes_a_request_and_tells_the_result_afterwards(api: APIClient, job: Job) -> None:
    address = f"/api/v1/jobs/{job.pk}/verify"
    assert api.get(address).json()["state"] == "none"
    asked = api.post(address)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert api.post(address).json() == asked.json()
    verify_waiting()
    told = api.get(address).json()
    assert (told["state"], told["files"], told["problems"]) == ("intact", 4, [])
    assert told["checked_at"] >= told["requested_at"]
    change(job, PREVIEW)
    api.post(address)
    verify_waiting()
    told = api.get(address).json()
    assert told["state"] == "damaged" and PREVIEW in told["problems"][0]


def test_the_api_refuses_what_has_no_files(api: APIClient, job: Job) -> None:
    waiting = make_job(owner=job.owner)
    assert api.post(f"/api/v1/jobs/{waiting.pk}/verify").status_code == 409
    Job.objects.filter(pk=job.pk).update(audio_deleted_at=timezone.now())
    assert api.post(f"/api/v1/jobs/{job.pk}/verify").status_code == 410
    assert not Verification.objects.exists()


def test_the_page_offers_it_waits_and_shows_the_result_with_its_time(
    page: Client, job: Job
) -> None:
    address = reverse("jobs:verify", args=[job.pk])
    assert f'action="{address}"' in shown(page, job)
    answer = page.post(address)
    assert answer["Location"].endswith("#details")
    fragment = reverse("jobs:verification", args=[job.pk])
    assert f'hx-get="{fragment}"' in shown(page, job)
    verify_waiting()
    done = page.get(fragment).content.decode()
    row = Verification.objects.get()
    assert row.checked_at is not None
    local = timezone.localtime(row.checked_at)
    assert f"{local.day} {local:%B %Y, %H:%M}" in done and "4 files" in done
    assert "hx-get" not in done


def test_the_page_names_what_does_not_hold(page: Client, job: Job) -> None:
    change(job, PREVIEW)
    page.post(reverse("jobs:verify", args=[job.pk]))
    verify_waiting()
    text = shown(page, job)
    assert "Not everything holds" in text and PREVIEW in text


def test_a_page_without_files_offers_nothing_and_says_why_when_called(
    page: Client, job: Job
) -> None:
    Job.objects.filter(pk=job.pk).update(audio_deleted_at=timezone.now())
    address = reverse("jobs:verify", args=[job.pk])
    assert address not in shown(page, job)
    answer = page.post(address, follow=True)
    assert "was deleted on" in answer.content.decode()


def test_a_person_who_is_logged_out_meanwhile_gets_the_page_anew(client: Client, job: Job) -> None:
    answer = client.get(reverse("jobs:verification", args=[job.pk]), headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"
