"""Rules that hold for every page: content security, landmarks, errors in our own dress."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, make_job

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", re.I)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_what_the_content_policy_blocks(template: Path) -> None:
    assert INLINE.search(template.read_text()) is None


PUBLIC = (
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/nothing/",
    "/account/deleted/",
)
PRIVATE = (
    "/",
    "/jobs/",
    "/account/",
    "/account/delete/",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/accounts/email/",
)


def has_landmarks(page: str) -> bool:
    return page.count("<h1") == 1 and 'href="#content"' in page and "<main id=" in page


@pytest.mark.parametrize("address", PUBLIC)
def test_public_pages_have_one_heading_and_a_way_past_the_navigation(
    client: Client, db: None, address: str
) -> None:
    assert has_landmarks(client.get(address).content.decode())


@pytest.mark.parametrize("address", PRIVATE)
def test_private_pages_have_one_heading_and_a_way_past_the_navigation(
    client: Client, owner: User, address: str
) -> None:
    client.force_login(owner)
    assert has_landmarks(client.get(address).content.decode())


@pytest.mark.parametrize(
    "address", (*PUBLIC, "/jobs/", "/account/", "/account/delete/", "/accounts/password/change/")
)
def test_every_field_has_its_label(client: Client, owner: User, address: str) -> None:
    if address not in PUBLIC:
        client.force_login(owner)
    page = client.get(address).content.decode()
    fields = set(re.findall(r'<(?:input|select)(?![^>]*type="hidden")[^>]*\bid="([^"]+)"', page))
    assert fields <= set(re.findall(r'<label[^>]*\bfor="([^"]+)"', page))


@pytest.mark.parametrize("name", ("400", "403", "404", "413", "429", "500", "403_csrf"))
def test_error_pages_stand_without_a_request(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert has_landmarks(page)
    assert name[:3] in page


def test_the_policy_is_sent_with_the_page(client: Client, owner: User) -> None:
    job = make_job(owner=owner)
    client.force_login(owner)
    answer = client.get(reverse("jobs:detail", args=[job.pk]))
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.usefixtures("sends_mail")
def test_a_forgotten_password_is_set_anew_by_mail(client: Client, owner: User) -> None:
    client.post("/accounts/password/reset/", {"email": owner.email})
    link = re.search(r"http://testserver:8000(/\S+)", str(mail.outbox[0].body))
    assert link is not None
    form = client.get(link[1], follow=True)
    assert "Set a new password" in form.content.decode()
    new = PASSWORD + " twice"
    done = client.post(form.request["PATH_INFO"], {"password1": new, "password2": new}, follow=True)
    assert "Your new password is set" in done.content.decode()
    assert client.login(username="owner", password=new)


def test_logging_out_takes_a_form(client: Client, owner: User) -> None:
    client.force_login(owner)
    assert "Log out?" in client.get("/accounts/logout/").content.decode()
    assert client.get("/jobs/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/jobs/").status_code == 302
