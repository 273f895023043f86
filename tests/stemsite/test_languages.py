"""The language of a page: the account's, else the visitor's, else the browser's."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from jobs.services.account.preferences import language_of, set_language

pytestmark = pytest.mark.django_db

LOG_IN = {"en": "Log in", "de": "Anmelden", "es": "Iniciar sesión"}


def language(client: Client, path: str = "/accounts/login/", **headers: str) -> str:
    """The language of a page, which its markup, its header and its heading agree on."""
    response = client.get(path, headers={key.replace("_", "-"): headers[key] for key in headers})
    page = response.content.decode()
    told = re.search(r'<html lang="(\w+)"', page)
    assert told is not None
    assert response["Content-Language"] == told[1]
    assert {"Accept-Language", "Cookie"} <= set(re.split(r",\s*", response["Vary"]))
    if path == "/accounts/login/":
        assert f"<h1>{LOG_IN[told[1]]}</h1>" in page
    return told[1]


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr,es-MX;q=0.8,de;q=0.3", "es"),
        ("en-GB", "en"),
        ("fr,zh", "en"),
        ("*", "en"),
        ("de;q=nonsense,,;;", "en"),
        ("", "en"),
    ],
)
def test_a_visitor_reads_the_first_language_of_the_browser_that_the_site_has(
    client: Client, asked: str, spoken: str
) -> None:
    assert language(client, accept_language=asked) == spoken


def test_the_site_has_a_language_for_browsers_that_ask_for_none_of_its_own(
    client: Client, settings: Settings
) -> None:
    settings.SITE_LANGUAGE = "es"
    assert language(client, accept_language="fr") == "es"


def test_a_site_may_offer_fewer_languages(client: Client, settings: Settings) -> None:
    settings.OFFERED_LANGUAGES = [("en", "English"), ("es", "Español")]
    assert language(client, accept_language="de,es;q=0.5") == "es"
    page = client.get("/accounts/login/").content.decode()
    assert ">Español</button>" in page
    assert "Deutsch" not in page
    settings.OFFERED_LANGUAGES = [("en", "English")]
    assert "Español" not in client.get("/accounts/login/").content.decode()


def test_a_visitor_chooses_on_any_page_without_a_script(client: Client) -> None:
    page = client.get("/accounts/login/?next=/jobs/").content.decode()
    assert 'action="/language/"' in page
    assert 'name="next" value="/accounts/login/?next=/jobs/"' in page
    chosen = client.post("/language/", {"language": "de", "next": "/accounts/login/?next=/jobs/"})
    assert chosen["Location"] == "/accounts/login/?next=/jobs/"
    assert language(client, accept_language="es") == "de"


def test_the_account_goes_before_the_cookie_and_the_browser(client: Client, owner: User) -> None:
    client.post("/language/", {"language": "es"})
    set_language(owner=owner, language="de")
    client.force_login(owner)
    assert language(client, "/account/", accept_language="en") == "de"
    client.logout()
    assert language(client, accept_language="en") == "en"


def test_a_member_chooses_on_the_account_page(client: Client, owner: User) -> None:
    client.force_login(owner)
    answer = client.post("/language/", {"language": "es", "next": "/account/"}, follow=True)
    assert "El idioma está guardado." in answer.content.decode()
    assert 'value="es" checked' in answer.content.decode()
    assert language_of(User.objects.get(pk=owner.pk)) == "es"
    client.post("/language/", {"language": "", "next": "/account/"})
    assert language(client, "/account/", accept_language="de") == "de"


@pytest.mark.parametrize("tongue", ["fr", "xx", "de-AT", "../de"])
def test_a_language_that_the_site_has_not_is_refused(
    client: Client, owner: User, tongue: str
) -> None:
    client.force_login(owner)
    answer = client.post("/language/", {"language": tongue, "next": "/account/"}, follow=True)
    assert "This site does not speak that language." in answer.content.decode() or len(tongue) > 8
    assert language_of(User.objects.get(pk=owner.pk)) == ""
    assert "language" not in client.cookies


@pytest.mark.parametrize("away", ["https://evil.example", "//evil.example", "javascript:1", ""])
def test_a_choice_leads_nowhere_else(client: Client, away: str) -> None:
    assert client.post("/language/", {"language": "de", "next": away})["Location"] == "/"


def test_only_a_member_s_choice_needs_the_token_of_the_form(owner: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/language/", {"language": "de"}).status_code == 302
    strict.force_login(owner)
    assert strict.post("/language/", {"language": "de"}).status_code == 403
    assert language_of(User.objects.get(pk=owner.pk)) == ""
    assert strict.get("/language/").status_code == 405


def test_a_language_that_is_no_longer_offered_is_not_spoken(
    client: Client, owner: User, settings: Settings
) -> None:
    set_language(owner=owner, language="de")
    settings.OFFERED_LANGUAGES = [("en", "English"), ("es", "Español")]
    client.force_login(owner)
    assert language(client, "/account/", accept_language="es") == "es"


def test_programs_are_answered_in_english(client: Client, owner: User) -> None:
    set_language(owner=owner, language="de")
    client.force_login(owner)
    german = {"accept-language": "de"}
    refused = client.post("/api/v1/jobs", {}, headers=german)
    again = Client().get("/api/v1/jobs", headers=german)
    assert "Content-Language" not in refused.headers
    assert "Authentication credentials were not provided." in again.content.decode()
    assert re.search(r"\b(No|The|Send|Choose)\b", refused.content.decode())
    assert not re.search("Keine|Datei|Es wurde", refused.content.decode())


def test_no_page_asks_the_database_for_the_language_alone(
    client: Client, owner: User, django_assert_num_queries: object
) -> None:
    set_language(owner=owner, language="de")
    client.force_login(owner)
    with django_assert_num_queries(2):  # type: ignore[operator]  # the session, the account
        assert language(client, "/accounts/logout/") == "de"


def test_the_scripts_get_the_catalogue_of_the_page(client: Client) -> None:
    english = client.get("/accounts/login/").content.decode()
    assert "language.js?" not in english
    german = client.get("/accounts/login/", headers={"accept-language": "de"}).content.decode()
    address = re.search(r'<script defer src="(/language\.js\?[^"]+)"', german)
    assert address is not None
    catalogue = client.get(address[1].replace("&amp;", "&"), headers={"accept-language": "es"})
    assert catalogue["Content-Type"].startswith("text/javascript")
    assert catalogue["Content-Language"] == "de"
    assert catalogue["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Cookie" not in catalogue.get("Vary", "")
    assert "Set-Cookie" not in catalogue.headers
    old = client.get("/language.js?language=de&edition=old")
    assert old["Cache-Control"] == "no-cache"
    assert client.get("/language.js?language=xx").status_code == 404
