"""The button that separates the project's own song."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from jobs.models import Job
from jobs.services.demo import Score
from separation.demo import FILE_NAME
from tests.factories import make_job, make_user

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db

MANIFEST: dict[str, Any] = {
    "stages": [
        {
            "name": "score",
            "details": {"sdr_db": {"vocals": 7.25}, "mixture_sdr_db": {"vocals": -5.5}},
        }
    ]
}


@pytest.fixture
def owner() -> "User":
    return make_user()


@pytest.fixture
def visitor(client: Client, owner: "User") -> Client:
    client.force_login(owner)
    return client


def test_it_queues_the_song_with_a_score_and_shows_its_job(visitor: Client, owner: "User") -> None:
    answer = visitor.post("/demo/")
    job = Job.objects.get(owner=owner)
    assert answer.url == f"/jobs/{job.pk}/"  # type: ignore[attr-defined]
    assert job.source.original_name == FILE_NAME
    assert round(job.source.duration_s) == 17
    assert [stage.name for stage in job.stages.all()] == [
        "prepare", "separation", "listening", "quality", "score", "export",
    ]  # fmt: skip


def test_the_page_of_uploads_offers_it(visitor: Client) -> None:
    assert '<form id="demo" method="post" action="/demo/">' in visitor.get("/").content.decode()


def test_the_page_of_the_job_tells_the_score(visitor: Client, owner: "User") -> None:
    job = make_job(owner=owner, status="completed", manifest=MANIFEST)
    page = visitor.get(f"/jobs/{job.pk}/").content.decode()
    assert "7.2 dB" in page
    assert "\N{MINUS SIGN}5.5 dB" in page
    assert "12.8 dB" in page


def test_other_songs_have_no_score(visitor: Client, owner: "User") -> None:
    job = make_job(owner=owner, status="completed")
    assert "How near it came" not in visitor.get(f"/jobs/{job.pk}/").content.decode()


def test_nobody_is_sent_to_log_in(client: Client) -> None:
    assert client.post("/demo/").url.startswith("/accounts/login/")  # type: ignore[attr-defined]
    assert not Job.objects.exists()


def test_looking_at_the_address_starts_nothing(visitor: Client) -> None:
    assert visitor.get("/demo/").status_code == 405
    assert not Job.objects.exists()


def test_a_song_that_cannot_be_made_is_said_and_queues_nothing(
    visitor: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.write_text("a file where a folder should be")
    page = visitor.post("/demo/", follow=True).content.decode()
    assert "could not be made" in page
    assert not Job.objects.exists()


def test_what_a_separator_gained_is_more_than_the_mixture_has() -> None:
    assert Score("vocals", sdr_db=8.5, mixture_sdr_db=-1.5).gain_db == 10.0
