"""Who may call what: each address is tried by the owner, a stranger and nobody."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from jobs.models import Job
from tests.factories import make_artifact, make_job
from tests.quality_report import make_report

OF_A_JOB = (
    ("get", "/api/v1/jobs/{id}"),
    ("get", "/api/v1/jobs/{id}/outputs"),
    ("get", "/api/v1/jobs/{id}/quality"),
    ("get", "/api/v1/jobs/{id}/manifest"),
    ("get", "/api/v1/jobs/{id}/verify"),
    ("get", "/api/v1/jobs/{id}/shares"),
    ("get", "/api/v1/jobs/{id}/download/vocals"),
    ("get", "/api/v1/jobs/{id}/download/all"),
    ("get", "/job/{id}"),
    ("get", "/job/{id}/outputs"),
    ("get", "/download/{id}/vocals"),
    ("get", "/download/{id}/all"),
)
THAT_CHANGE_A_JOB = (
    ("post", "/api/v1/jobs/{id}/cancel"),
    ("post", "/api/v1/jobs/{id}/retry"),
    ("post", "/api/v1/jobs/{id}/accept"),
    ("post", "/api/v1/jobs/{id}/dismiss"),
    ("post", "/api/v1/jobs/{id}/verify"),
    ("post", "/api/v1/jobs/{id}/rerun"),
    ("post", "/api/v1/jobs/{id}/mix"),
    ("post", "/api/v1/jobs/{id}/shares"),
    ("delete", "/api/v1/jobs/{id}/shares/{id}"),
    ("patch", "/api/v1/jobs/{id}"),
    ("delete", "/api/v1/jobs/{id}"),
)
OF_AN_ACCOUNT = (
    ("get", "/api/v1/jobs"),
    ("get", "/api/v1/uploads"),
    ("get", "/api/v1/separators"),
    ("get", "/api/v1/presets"),
    ("get", "/api/v1/config"),
    ("get", "/api/v1/quota"),
    ("get", "/api/v1/tokens"),
    ("get", "/api/v1/account/export"),
    ("get", "/config"),
)
THAT_WRITE = (
    ("post", "/api/v1/jobs"),
    ("post", "/process"),
    ("post", "/api/v1/uploads"),
    ("post", "/api/v1/tokens"),
    ("delete", "/api/v1/auth/token"),
)
OF_A_BATCH = ("retry", "cancel", "download/all")
PUBLIC = ("/health", "/api/v1/health", "/api/v1/schema", "/api/v1/docs")
SLASHES = ("", "/")


@pytest.fixture
def job(owner: object) -> Job:
    report = make_report().model_dump(mode="json")
    job = make_job(status="completed", manifest={"version": "2.0", "quality": report})
    make_artifact(job)
    return job


def call(client: APIClient, method: str, address: str, job_id: object = "") -> int:
    return int(getattr(client, method)(address.format(id=job_id)).status_code)


@pytest.mark.parametrize("slash", SLASHES)
@pytest.mark.parametrize(("method", "address"), OF_A_JOB)
def test_the_owner_reads_a_job(
    api: APIClient, job: Job, method: str, address: str, slash: str
) -> None:
    assert call(api, method, address + slash, job.pk) == 200


@pytest.mark.parametrize(("method", "address"), OF_A_JOB + THAT_CHANGE_A_JOB)
def test_for_a_stranger_the_job_does_not_exist(
    stranger_api: APIClient, job: Job, method: str, address: str
) -> None:
    response = getattr(stranger_api, method)(address.format(id=job.pk))
    missing = getattr(stranger_api, method)(address.format(id=uuid.uuid4()))
    assert response.status_code == 404
    assert (
        response.json()
        == missing.json()
        == {
            "code": "not_found",
            "detail": "There is no such job.",
        }
    )
    assert Job.objects.get().status == "completed"


@pytest.mark.parametrize(
    ("method", "address"), OF_A_JOB + THAT_CHANGE_A_JOB + OF_AN_ACCOUNT + THAT_WRITE
)
def test_nobody_gets_in_without_a_token_or_a_session(
    anonymous: APIClient, job: Job, method: str, address: str
) -> None:
    response = getattr(anonymous, method)(address.format(id=job.pk))
    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"
    assert response.headers["WWW-Authenticate"] == "Token"
    assert Job.objects.get().status == "completed"


@pytest.mark.parametrize("slash", SLASHES)
@pytest.mark.parametrize(("method", "address"), OF_AN_ACCOUNT)
def test_an_account_reads_what_is_its_own(
    api: APIClient, method: str, address: str, slash: str
) -> None:
    assert call(api, method, address + slash) == 200


@pytest.mark.parametrize("slash", SLASHES)
@pytest.mark.parametrize("address", PUBLIC)
def test_health_and_documentation_are_open_to_all(
    anonymous: APIClient, address: str, slash: str
) -> None:
    assert call(anonymous, "get", address + slash) == 200


def test_a_session_works_as_well_as_a_token(owner: object, job: Job) -> None:
    client = APIClient()
    client.force_login(job.owner)
    assert call(client, "get", "/job/{id}", job.pk) == 200


def test_a_session_must_prove_that_the_page_is_ours(job: Job) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(job.owner)
    response = client.post(f"/api/v1/jobs/{job.pk}/cancel")
    assert response.status_code == 403
    assert response.json()["code"] == "permission_denied"


def test_staff_see_the_jobs_of_others_in_the_admin_only(staff: User, job: Job) -> None:
    client = APIClient()
    client.force_login(staff)
    assert call(client, "get", "/job/{id}", job.pk) == 404


def test_no_address_was_forgotten_here() -> None:
    tried = {address for _, address in OF_A_JOB + THAT_CHANGE_A_JOB + OF_AN_ACCOUNT + THAT_WRITE}
    tried |= {*PUBLIC, "/api/v1/uploads/<uuid:upload_id>"}  # tests/jobs/uploads/test_owner.py
    tried.add("/api/v1/tokens/<uuid:token_id>")  # tests/jobs/account/test_tokens.py
    # tests/jobs/batches/test_batch_api.py
    one = "/api/v1/batches/<uuid:batch_id>"
    tried |= {"/api/v1/batches", one, *(f"{one}/{what}" for what in OF_A_BATCH)}
    # tests/jobs/set_lists/test_api.py
    one = "/api/v1/set-lists/<uuid:set_list_id>"
    tried |= {"/api/v1/set-lists", one, f"{one}/songs", f"{one}/songs/<uuid:job_id>"}
    shown = {
        address.replace("{id}", "<uuid:job_id>", 1)
        .replace("{id}", "<uuid:link_id>")
        .replace("/vocals", "/<str:track>")
        for address in tried
    }
    assert shown == named_addresses()


def named_addresses() -> set[str]:
    """Every named address of the two URL modules; the unnamed ones are their forms with a slash."""
    found = set()
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and entry.app_name in ("api", "specification"):
            found |= {
                f"/{entry.pattern}{pattern.pattern}"
                for pattern in entry.url_patterns
                if isinstance(pattern, URLPattern) and pattern.name
            }
    return found
