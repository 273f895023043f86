"""Links through the API; strangers and nobody are tried in tests/jobs/api/test_access.py."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.models import Job, ShareLink
from jobs.services.sharing import open_link
from tests.factories import make_job
from tests.jobs.api.conftest import client_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User

    from jobs.services.sharing import NewLink


@pytest.fixture
def api(ella: "User") -> APIClient:
    return client_of(ella)


def post(api: APIClient, job: Job, **choices: object) -> Any:
    return api.post(f"/api/v1/jobs/{job.pk}/shares", choices, format="json")


def test_a_link_is_made_and_told_once(api: APIClient, job: Job) -> None:
    answer = post(api, job, stems=["vocals"], expires_in_days=3, label="Anna")
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    token = answer.json()["url"].removeprefix("http://testserver/s/").rstrip("/")
    shared = open_link(token)
    assert shared is not None and shared.link.stems == ["vocals"]
    listed = api.get(f"/api/v1/jobs/{job.pk}/shares")
    assert token not in listed.content.decode() and shared.link.token_digest not in str(listed.data)
    (row,) = listed.json()
    told = {key: row[key] for key in ("label", "stems", "views", "is_live", "allow_download")}
    assert told == {
        "label": "Anna",
        "stems": ["vocals"],
        "views": 0,
        "is_live": True,
        "allow_download": False,
    }


def test_nothing_need_be_said(api: APIClient, job: Job) -> None:
    made = post(api, job).json()
    assert made["stems"] == ["drums", "vocals", "piano"]
    assert not made["allow_download"] and not made["show_title"]


@pytest.mark.parametrize(
    ("choices", "status", "code"),
    [
        ({"stems": ["guitar"]}, 400, "invalid_options"),
        ({"stems": []}, 400, "invalid_options"),
        ({"stems": "drums"}, 400, "invalid"),
        ({"expires_in_days": 31}, 400, "invalid_options"),
        ({"allow_download": True}, 400, "invalid_options"),
        ({"alow_download": True}, 400, "invalid_options"),
        ({"label": "x" * 81}, 400, "invalid"),
    ],
)
def test_a_wrong_choice_is_refused_with_its_code(
    api: APIClient, job: Job, choices: dict[str, Any], status: int, code: str
) -> None:
    answer = post(api, job, **choices)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not ShareLink.objects.exists()


def test_a_job_that_is_not_finished_is_a_conflict(api: APIClient, ella: "User") -> None:
    answer = post(api, make_job(owner=ella))
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_site_that_shares_nothing_says_so(api: APIClient, job: Job, settings: Settings) -> None:
    assert api.get("/api/v1/config").json()["share"] is True
    settings.SHARE = False
    answer = post(api, job)
    assert (answer.status_code, answer.json()["code"]) == (404, "share_off")
    assert api.get("/api/v1/config").json()["share"] is False


def test_a_link_is_revoked_as_often_as_one_likes(
    api: APIClient, job: Job, share: "Callable[..., NewLink]"
) -> None:
    new = share()
    address = f"/api/v1/jobs/{job.pk}/shares/{new.link.pk}"
    assert [api.delete(address).status_code for _ in range(2)] == [204, 204]
    assert open_link(new.token) is None
    assert api.get(f"/api/v1/jobs/{job.pk}/shares").json()[0]["revoked_at"]


def test_a_link_is_found_under_its_own_job_only(
    api: APIClient, job: Job, ella: "User", share: "Callable[..., NewLink]"
) -> None:
    new = share()
    for other_job, link in ((make_job(owner=ella).pk, new.link.pk), (job.pk, uuid.uuid4())):
        answer = api.delete(f"/api/v1/jobs/{other_job}/shares/{link}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert open_link(new.token) is not None
