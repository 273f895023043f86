"""A program reads what a song is called, and renames it."""

from typing import TYPE_CHECKING

import pytest
from rest_framework.test import APIClient

from jobs.models import Job, Source
from tests.factories import make_job, make_source

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@pytest.fixture
def job() -> Job:
    return make_job(source=make_source(original_name="02 take.wav", title="Night train"))


def address(job: Job) -> str:
    return f"/api/v1/jobs/{job.pk}"


def test_the_list_and_the_job_tell_the_title(api: APIClient, job: Job) -> None:
    (row,) = api.get("/api/v1/jobs").json()["results"]
    assert row["title"] == api.get(address(job)).json()["title"] == "Night train"
    assert row["input_file"] == "02 take.wav"


def test_a_new_title_is_answered_and_kept(api: APIClient, job: Job) -> None:
    answer = api.patch(address(job), {"title": "Last train"}, format="json")
    assert (answer.status_code, answer.json()["title"]) == (200, "Last train")
    assert api.get(address(job)).json()["title"] == "Last train"


def test_an_empty_title_is_the_first_one_and_none_changes_nothing(api: APIClient, job: Job) -> None:
    api.patch(address(job), {"title": "Last train"}, format="json")
    assert api.patch(address(job), {}, format="json").json()["title"] == "Last train"
    assert api.patch(address(job), {"title": ""}, format="json").json()["title"] == "Night train"


@pytest.mark.parametrize("change", [{"title": "x" * 256}, {"title": ["x"]}, {"name": "x"}])
def test_what_is_no_title_is_refused(api: APIClient, job: Job, change: dict[str, object]) -> None:
    answer = api.patch(address(job), change, format="json")
    assert answer.status_code == 400
    assert Source.objects.get().song_title == "Night train"


def test_a_stranger_gets_404(stranger: "User", job: Job) -> None:
    client = APIClient()
    client.force_authenticate(stranger)
    assert client.patch(address(job), {"title": "Mine"}, format="json").status_code == 404
