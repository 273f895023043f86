"""The theme is part of the page as the server sends it: no script, and no flash of another."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client

from jobs.models import Preferences
from jobs.models.preferences import Theme
from jobs.services.account.preferences import set_theme

DARK = re.compile(r'<link[^>]*css/dark\.css"([^>]*)>')


def look(page: str) -> tuple[str, str | None]:
    """The attribute of the page, and for which screens its dark colours count; None: for none."""
    attribute = re.search(r'<html[^>]* data-theme="(\w+)"', page)
    assert attribute is not None
    dark = DARK.search(page)
    return attribute[1], dark[1].strip() if dark else None


WHERE_THE_SYSTEM_IS_DARK = 'media="(prefers-color-scheme: dark)"'


def test_a_page_follows_the_system_until_somebody_chooses(client: Client, owner: User) -> None:
    assert look(client.get("/").content.decode()) == ("system", WHERE_THE_SYSTEM_IS_DARK)
    client.force_login(owner)
    assert look(client.get("/jobs/").content.decode()) == ("system", WHERE_THE_SYSTEM_IS_DARK)


@pytest.mark.parametrize(("theme", "dark"), [("dark", ""), ("light", None)])
def test_what_was_chosen_is_on_every_page(member: Client, theme: str, dark: str | None) -> None:
    assert member.post("/account/theme/", {"theme": theme}).status_code == 302
    for address in ("/", "/jobs/", "/account/", "/accounts/email/", "/nothing-here/"):
        assert look(member.get(address).content.decode()) == (theme, dark)


def test_it_belongs_to_the_account_and_to_nobody_else(
    member: Client, owner: User, stranger: User
) -> None:
    set_theme(owner=owner, theme=Theme.DARK)
    elsewhere = Client()
    elsewhere.force_login(owner)
    assert look(elsewhere.get("/jobs/").content.decode())[0] == "dark"
    elsewhere.force_login(stranger)
    assert look(elsewhere.get("/jobs/").content.decode())[0] == "system"


def test_a_theme_that_does_not_exist_is_refused(member: Client) -> None:
    answer = member.post("/account/theme/", {"theme": "pink"}, follow=True)
    assert "pink is not one of the available choices" in answer.content.decode()
    assert not Preferences.objects.exists()


def test_a_page_of_error_that_knows_nobody_follows_the_system() -> None:
    assert look(render_to_string("500.html")) == ("system", WHERE_THE_SYSTEM_IS_DARK)


def test_dark_colours_have_a_light_counterpart_each() -> None:
    css = settings.BASE_DIR / "static" / "css"
    names = re.compile(r"^\s*(--[\w-]+):", re.M)
    dark = set(names.findall((css / "dark.css").read_text()))
    assert dark and dark <= set(names.findall((css / "tokens.css").read_text()))


def test_no_style_sheet_asks_the_system_behind_the_back_of_the_choice() -> None:
    css = (settings.BASE_DIR / "static" / "css").glob("*.css")
    assert [file.name for file in css if "prefers-color-scheme" in file.read_text()] == []
