"""Who sees which page: the owner, a stranger, nobody in particular."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.models import Job
from jobs.models.job import JobStatus
from tests.factories import make_artifact, make_job

PAGES = ("detail", "progress", "delete", "archive", "manifest", "original", "verification")
ACTIONS = ("cancel", "retry", "delete", "accept", "dismiss", "title", "verify", "rerun")


@pytest.fixture
def job(owner: User) -> Job:
    job = make_job(owner=owner, status=JobStatus.COMPLETED, manifest={"version": "2.0"})
    make_artifact(job, "vocals")
    return job


def addresses(job: Job) -> list[str]:
    pages = [reverse(f"jobs:{name}", args=[job.pk]) for name in PAGES]
    return pages + [
        reverse(f"jobs:{name}", args=[job.pk, "vocals"]) for name in ("track", "listen")
    ]


def test_the_owner_sees_every_page_of_a_job(client: Client, owner: User, job: Job) -> None:
    client.force_login(owner)
    assert [client.get(address).status_code for address in addresses(job)] == [200] * 9


def test_a_stranger_gets_404_for_every_page_of_a_job(
    client: Client, stranger: User, job: Job
) -> None:
    client.force_login(stranger)
    assert [client.get(address).status_code for address in addresses(job)] == [404] * 9


def test_staff_see_the_jobs_of_others_only_in_the_admin(
    client: Client, staff: User, job: Job
) -> None:
    client.force_login(staff)
    assert client.get(reverse("jobs:detail", args=[job.pk])).status_code == 404


def test_nobody_in_particular_is_sent_to_log_in(client: Client, job: Job) -> None:
    for address in [*addresses(job), reverse("jobs:history")]:
        answer = client.get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address}")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_stranger_cannot_change_a_job(
    client: Client, stranger: User, job: Job, action: str
) -> None:
    client.force_login(stranger)
    assert client.post(reverse(f"jobs:{action}", args=[job.pk])).status_code == 404
    job.refresh_from_db()
    assert job.status == JobStatus.COMPLETED


@pytest.mark.parametrize("action", ("cancel", "retry", "title"))
def test_a_job_is_not_changed_by_following_a_link(
    client: Client, owner: User, job: Job, action: str
) -> None:
    client.force_login(owner)
    assert client.get(reverse(f"jobs:{action}", args=[job.pk])).status_code == 405


@pytest.mark.parametrize("action", ACTIONS)
def test_a_form_of_another_site_changes_nothing(owner: User, job: Job, action: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    answer = client.post(reverse(f"jobs:{action}", args=[job.pk]))
    assert answer.status_code == 403
    assert "The form has expired" in answer.content.decode()
    assert Job.objects.filter(pk=job.pk).exists()


def test_the_first_page_explains_itself_to_a_stranger(client: Client, db: None) -> None:
    page = client.get("/").content.decode()
    assert reverse("account_signup") in page
    assert reverse("account_login") in page
    assert 'type="file"' not in page


def test_a_closed_site_offers_no_account(client: Client, db: None, settings: object) -> None:
    settings.SIGNUP_OPEN = False  # type: ignore[attr-defined]
    assert "Create an account" not in client.get("/").content.decode()
    assert "Sign-up is closed" in client.get(reverse("account_signup")).content.decode()
