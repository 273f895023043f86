"""The page of a result: tabs with a script, sections and a list of contents without one."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.mixer_page import MixerPage
from tests.browser.visitor import until, visitor

pytestmark = pytest.mark.browser
PANELS = ("Mix", "Downloads", "Share", "Details")


def test_the_address_names_the_open_tab_and_arrow_keys_go_from_one_to_the_next(
    open_mixer: Callable[..., MixerPage],
) -> None:
    page = open_mixer().page
    tabs = {name: page.get_by_role("tab", name=name, exact=True) for name in PANELS}
    panels = {name: page.get_by_role("tabpanel", name=name, exact=True) for name in PANELS}
    expect(tabs["Mix"]).to_have_attribute("aria-selected", "true")
    expect(panels["Mix"]).to_be_visible()
    expect(page.get_by_role("link", name="Download all")).to_be_hidden()

    tabs["Mix"].focus()
    page.keyboard.press("ArrowRight")
    expect(tabs["Downloads"]).to_be_focused()
    expect(panels["Downloads"]).to_be_visible()
    expect(panels["Mix"]).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(panels["Details"]).to_be_visible()
    expect(page).to_have_url(re.compile("#details$"))

    tabs["Share"].click()
    page.reload()
    expect(panels["Share"]).to_be_visible()
    expect(panels["Mix"]).to_be_hidden()
    # What is within a tab opens it as well.
    page.evaluate("location.hash = '#compare'")
    expect(panels["Details"]).to_be_visible()
    expect(page.get_by_role("heading", name="Compare")).to_be_in_viewport()


def test_a_link_into_a_tab_keeps_its_place_when_the_mixer_opens(
    open_mixer: Callable[..., MixerPage],
) -> None:
    player = open_mixer()
    page, compare = player.page, player.page.get_by_role("heading", name="Compare")
    held: list[Route] = []
    page.route("**/mixer.json", lambda route: held.append(route))
    page.evaluate("location.hash = '#compare'")
    page.reload()
    expect(compare).to_be_in_viewport()
    until(page, lambda: bool(held))
    held[0].continue_()
    player.mixer.wait_for()
    expect(compare).to_be_in_viewport()
    page.unroute("**/mixer.json")


def test_without_javascript_all_sections_are_there_and_the_song_can_be_renamed(
    browser: Browser, site: str, mixable: tuple[str, str]
) -> None:
    plain = visitor(browser, site, scripts=False, width=360)
    plain.log_in(mixable[0])
    plain.go(mixable[1])
    page = plain.page
    for name in PANELS[1:]:
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(f"#{name.lower()}")).to_be_in_viewport()
    expect(page.get_by_role("link", name="Download all")).to_be_visible()
    for title in ("Renamed", ""):
        page.locator("summary").filter(has_text="Rename").click()
        page.get_by_label("Title of the song").fill(title)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title or "Mix")
    plain.context.close()
