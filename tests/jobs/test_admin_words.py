"""Every page of the administration opens, in plain words and in the colours of the site."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Success
from pytest_django.fixtures import Settings

from jobs.models import (
    AccountClosure,
    ApiToken,
    Batch,
    Campaign,
    ModelMeasurement,
    ShareLink,
    Upload,
)
from jobs.models.preferences import Theme
from jobs.services.account.preferences import set_theme
from tests.factories import make_artifact, make_job

CLASS_NAME = re.compile(r"\b[A-Z][a-z]+[A-Z]\w*|\w_\w|\bjobs?\b")
"""Two words written as one, the names of columns, and the name of the application."""

UNIT_OR_COLUMN = re.compile(r"\b(?:id|hz|s):$|(?<!Looked) at:$", re.I)


@pytest.fixture
def client(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def of(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def title(page: str) -> str:
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert found is not None
    return " ".join(found[1].split())


def fill(owner: User) -> None:
    """A row of each kind whose page people open."""
    now = timezone.now()
    job = make_job(owner=owner, status="completed")
    make_artifact(job)
    Group.objects.create(name="Band")
    ApiToken.objects.create(owner)
    AccountClosure.objects.create()
    Batch.objects.create(owner=owner, name="Rehearsal")
    Campaign.objects.create(separator="spectral", request={}, key="k")
    ShareLink.objects.create(
        job=job, created_by=owner, token_digest="d", stems=["vocals"], expires_at=now
    )
    Upload.objects.create(owner=owner, name="Song.wav", size_bytes=9, expires_at=now)
    ModelMeasurement.objects.create(
        separator="spectral", model_name="spectral", suite="four songs", songs=4, figures={},
        audio_s=1.0, seconds=1.0,
    )  # fmt: skip


def own_models() -> list[type[Model]]:
    return [model for model in admin.site._registry if model._meta.app_label in ("jobs", "auth")]


def test_every_list_opens_under_the_name_of_what_it_holds(
    client: Client, owner: User, settings: Settings
) -> None:
    settings.SITE_NAME = "Harbour Studio"
    fill(owner)
    for model in admin.site._registry:
        page = shown(client, of(model, "changelist"))
        assert title(page).endswith(" \u2013 Harbour Studio"), model
        assert not CLASS_NAME.search(title(page)), title(page)
        if model in own_models():
            for heading in re.findall(r'<th scope="col".*?</th>', page, re.DOTALL):
                assert not CLASS_NAME.search(text(heading)), (model, text(heading))


def test_every_page_of_a_row_opens_with_labels_in_plain_words(client: Client, owner: User) -> None:
    fill(owner)
    for model in own_models():
        for row in model._default_manager.all()[:1]:
            page = shown(client, of(model, "change", row.pk))
            assert not CLASS_NAME.search(title(page)), title(page)
            labels = [text(label) for label in re.findall(r"<label.*?</label>", page, re.DOTALL)]
            assert labels, model
            for label in labels:
                assert not CLASS_NAME.search(label), (model, label)
                assert not UNIT_OR_COLUMN.search(label), (model, label)


def test_the_first_page_and_those_of_its_sections_name_what_they_hold(client: Client) -> None:
    page = shown(client, reverse("admin:index"))
    sections = [text(section) for section in re.findall(r"<caption>.*?</caption>", page, re.DOTALL)]
    assert {"People and what they may do", "Songs and results"} <= set(sections)
    for label in ("auth", "jobs"):
        assert not CLASS_NAME.search(title(shown(client, reverse("admin:app_list", args=[label]))))


def test_an_empty_list_says_what_belongs_there(client: Client) -> None:
    for model, pages in admin.site._registry.items():
        if model._meta.app_label != "jobs" or not hasattr(pages, "empty_words"):
            continue
        if pages.empty_words:
            assert str(pages.empty_words) in shown(client, of(model, "changelist")), model
    assert "Songs that were sent together" in shown(client, of(Batch, "changelist"))
    for model in (OrmQ, Schedule, Success):
        assert "Nothing is here yet." in shown(client, of(model, "changelist"))


def test_a_search_that_finds_nothing_says_so(client: Client) -> None:
    page = shown(client, of(Batch, "changelist") + "?q=nowhere")
    assert "Nothing matches." in page and "Songs that were sent together" not in page


@pytest.mark.parametrize(
    ("chosen", "dark"),
    [(Theme.LIGHT, None), (Theme.DARK, ""), (Theme.SYSTEM, "(prefers-color-scheme: dark)")],
)
def test_the_theme_is_the_one_that_the_person_chose(
    client: Client, staff: User, chosen: Theme, dark: str | None
) -> None:
    set_theme(owner=staff, theme=chosen)
    for address in (reverse("admin:index"), of(Batch, "changelist"), of(User, "change", staff.pk)):
        page = shown(client, address)
        found = re.search(r'css/dark[^"]*"(?: media="([^"]*)")?>', page)
        assert (None if found is None else found[1] or "") == dark
        assert "admin-theme" in page and "theme-toggle" not in page
        assert 'class="brand" href="/"' in page
