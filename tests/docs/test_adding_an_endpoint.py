"""The examples of docs/adding-an-endpoint.md, put where the page says and asked."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import clear_url_caches, include, path
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.api.routes import route
from jobs.models import Job
from tests.docs.documents import ROOT, fenced
from tests.factories import make_job
from tests.jobs.api.conftest import client_of

PAGE = ROOT / "docs" / "adding-an-endpoint.md"
URLS = "urls_of_the_example"


@pytest.fixture
def job(owner: User) -> Job:
    return make_job(owner=owner)


@pytest.fixture(autouse=True)
def added(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A site that has both, before everything else that it has."""
    api, row_of_api, page, row_of_page = fenced(PAGE, "python")
    names: dict[str, object] = {"__name__": "example", "route": route, "path": path}
    for code in (api, page):
        exec(compile(code, PAGE.name, "exec"), names)
    urls = ModuleType(URLS)
    urls.__dict__["urlpatterns"] = [
        path("api/v1/", include(eval(row_of_api.strip(), names))),
        eval(row_of_page.strip(), names),
        path("", include("stemsite.urls")),
    ]
    monkeypatch.setitem(sys.modules, URLS, urls)
    (tmp_path / "templates" / "jobs").mkdir(parents=True)
    (template,) = fenced(PAGE, "html")
    (tmp_path / "templates" / "jobs" / "length.html").write_text(template, encoding="utf-8")
    engine = settings.TEMPLATES[0]
    folders = [*engine["DIRS"], tmp_path / "templates"]
    settings.TEMPLATES = [{**engine, "DIRS": folders}]
    settings.ROOT_URLCONF = URLS
    clear_url_caches()
    yield
    clear_url_caches()


def test_the_endpoint_answers_its_owner_and_nobody_else(
    job: Job, owner: User, stranger: User
) -> None:
    address = f"/api/v1/jobs/{job.pk}/length"
    answer = client_of(owner).get(address)
    assert (answer.status_code, answer.json()) == (200, {"duration_s": job.source.duration_s})
    assert client_of(owner).get(f"{address}/").status_code == 200
    assert client_of(stranger).get(address).status_code == 404
    assert APIClient().get(address).status_code == 401


def test_the_page_is_shown_to_its_owner_and_to_nobody_else(
    client: Client, job: Job, owner: User, stranger: User
) -> None:
    address = f"/jobs/{job.pk}/length/"
    assert client.get(address).status_code == 302
    client.force_login(stranger)
    assert client.get(address).status_code == 404
    client.force_login(owner)
    page = client.get(address)
    assert page.status_code == 200
    assert f"<p>{job.source.duration_s} seconds</p>" in page.content.decode()
