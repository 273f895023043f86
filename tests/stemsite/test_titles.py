"""The title of every page says what the page is and bears the name of the site."""

import re
from pathlib import Path

import pytest
from django.conf import settings as project
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

TEMPLATES = Path(project.BASE_DIR) / "templates"
BLOCK = re.compile(r"{% block (?:\w+_)?title %}(.*?){% endblock")


def title_of(client: Client, address: str) -> str:
    page = client.get(address, follow=True).content.decode()
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert found is not None
    return " ".join(found[1].split())


@pytest.fixture(autouse=True)
def harbour(settings: Settings) -> None:
    settings.SITE_NAME = "Harbour Studio"


def test_no_template_writes_the_name_itself() -> None:
    titles = [
        title for file in TEMPLATES.rglob("*.html") for title in BLOCK.findall(file.read_text())
    ]
    assert len(titles) > 20
    assert [title for title in titles if "stemsite" in title] == []


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("/", "Upload \u2013 Harbour Studio"),
        ("/jobs/", "Library \u2013 Harbour Studio"),
        ("/account/", "Account \u2013 Harbour Studio"),
        ("/nowhere/", "There is nothing here \u2013 Harbour Studio"),
        ("/setup/wrong/", "There is nothing here \u2013 Harbour Studio"),
    ],
)
def test_the_title_says_the_page_and_the_site(
    client: Client, owner: User, address: str, title: str
) -> None:
    client.force_login(owner)
    assert title_of(client, address) == title


def test_visitors_see_the_name_too(client: Client, db: None) -> None:
    assert title_of(client, "/") == "Harbour Studio: a song in, its stems out"
    assert title_of(client, reverse("account_login")).endswith(" \u2013 Harbour Studio")
    assert title_of(client, "/s/unknown/").endswith(" \u2013 Harbour Studio")


def test_where_sign_up_is_closed_no_page_offers_it(
    client: Client, db: None, settings: Settings
) -> None:
    address = reverse("account_login")
    assert reverse("account_signup") in client.get(address).content.decode()
    settings.SIGNUP_OPEN = False
    assert reverse("account_signup") not in client.get(address).content.decode()
