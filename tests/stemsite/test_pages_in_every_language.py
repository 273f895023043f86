"""The pages of accounts, shares and the frame of every page have no English text left."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs.services.account.preferences import set_language
from jobs.services.account.tokens import create_token
from stemsite.catalogues.files import folder_of, read
from tests.factories import make_job
from tests.web_server import ROOT

pytestmark = pytest.mark.django_db

VISITORS = (
    "/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/",
    "/accounts/password/reset/done/", "/accounts/password/reset/key/done/", "/account/deleted/",
)  # fmt: skip
MEMBERS = (
    "/account/", "/account/delete/", "/accounts/email/", "/accounts/password/change/",
    "/accounts/logout/", "/accounts/reauthenticate/", "/accounts/confirm-email/nothing/",
)  # fmt: skip
SAME = {"API", "Stems", "Link", "Name", "Format", "Preset", "Downloads", "Karaoke", "Standard"}
"""Words that German or Spanish has from English, or English from them."""


def english_texts() -> set[str]:
    """What the templates and forms say in English, without names of values."""
    catalog = read(folder_of(ROOT, "de") / "django.po", "de")
    found = [str(each.id) for each in catalog if isinstance(each.id, str) and each.id]
    return {text for text in found if "%(" not in text and len(text) > 3} - SAME


def texts_of(page: str) -> Iterator[str]:
    """The texts between tags and in the attributes that people read or hear."""
    page = re.sub(r"<(script|style|svg|code)\b.*?</\1>", "", page, flags=re.DOTALL)
    for text in (*re.split(r"<[^>]+>", page), *re.findall(r'(?:label|title)="([^"]+)"', page)):
        if words := " ".join(text.split()):
            yield words.replace("&#x27;", "'")


def check(client: Client, path: str, language: str) -> None:
    response = client.get(path, headers={"accept-language": language})
    page = response.content.decode()
    assert f'<html lang="{language}"' in page, (path, response.status_code)
    assert set(texts_of(page)) & english_texts() == set(), path


@pytest.mark.parametrize("language", ["de", "es"])
@pytest.mark.parametrize("path", VISITORS)
def test_a_visitor_reads_one_language(client: Client, path: str, language: str) -> None:
    check(client, path, language)


@pytest.mark.parametrize("language", ["de", "es"])
def test_a_member_reads_one_language(client: Client, owner: User, language: str) -> None:
    set_language(owner=owner, language=language)
    client.force_login(owner)
    token = create_token(owner=owner, name="Laptop 7", days=3)
    for path in (*MEMBERS, f"/account/tokens/{token.row.public_id}/revoke/"):
        check(client, path, language)
    check(client, f"/jobs/{make_job(owner=owner).pk}/delete/", language)


def test_english_texts_are_what_this_looks_for(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert {"Skip to the content", "Log in", "API documentation"} <= set(texts_of(page))
    assert {"Skip to the content", "Log in", "API documentation"} <= english_texts()
