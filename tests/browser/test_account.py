"""The account page as a person without scripts and with a small screen uses it, to its end."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visitor import Visitor, song, visitor
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser


def ground(page: Page) -> str:
    """The colour of the page, as it is painted."""
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def choose_theme(person: Visitor, label: str) -> None:
    person.page.get_by_role("radio", name=label).check()
    person.page.get_by_role("button", name="Save the theme").click()
    expect(person.page.get_by_text("The theme is saved.")).to_be_visible()


def test_the_whole_life_of_an_account_needs_no_script_and_no_wide_screen(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    person = visitor(browser, site, scripts=False, width=360)
    person.sign_up("ella")
    person.go("/account/")
    assert fits(person.page)
    light = ground(person.page)
    choose_theme(person, "Dark")
    assert ground(person.page) != light

    person.page.get_by_label("Preset").select_option(label="Own choice")
    person.page.get_by_label("Separator").select_option(label="Spectral masks")
    person.page.get_by_label("Format").select_option(label="MP3")
    person.page.get_by_role("button", name="Save the choices").click()
    person.go("/")
    expect(person.page.get_by_role("radio", name="Spectral masks")).to_be_checked()
    expect(person.page.get_by_label("Format")).to_have_value("mp3")
    person.page.get_by_label("Choose songs").set_input_files(song(tmp_path, "Last.wav"))
    person.separate()
    expect(person.page.get_by_role("heading", name="Last")).to_be_visible()

    person.go("/account/")
    person.page.get_by_label("Name").fill("Laptop")
    person.page.get_by_role("button", name="Make a token").click()
    secret = person.page.locator("code", has_text=re.compile(r"^\w{64}$")).inner_text()
    assert fits(person.page)
    asked = {"Authorization": f"Token {secret}"}
    assert person.context.request.get(f"{site}/api/v1/jobs", headers=asked).ok
    with person.page.expect_download() as exported:
        person.page.get_by_role("link", name="Export my data").click()
    told = json.loads(exported.value.path().read_text())
    assert [job["request"]["format"] for job in told["jobs"]] == ["mp3"]
    assert [token["name"] for token in told["api_tokens"]] == ["Laptop"]

    person.page.get_by_role("link", name="Delete my account").click()
    assert fits(person.page)
    person.page.get_by_label("Type ella to confirm").fill("ella")
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.get_by_role("button", name="Delete everything").click()
    expect(person.page.get_by_role("heading", name="Your account is deleted")).to_be_visible()
    assert person.context.request.get(f"{site}/api/v1/jobs", headers=asked).status == 401
    assert person.complaints == []
    person.context.close()
