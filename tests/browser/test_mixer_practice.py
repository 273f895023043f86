"""The mixer on the whole screen of a phone, by touch: upright, on its side, and out again."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.mixer_page import MixerPage
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

FITS = """(page) => page.scrollWidth <= innerWidth && [...page.querySelectorAll("button")]
    .filter((button) => button.checkVisibility())
    .every((button) => {
        const { width, height, left, right } = button.getBoundingClientRect();
        return width >= 44 && height >= 44 && left >= 0 && right <= innerWidth;
    })"""


def test_a_phone_practises_on_the_whole_screen(
    browser: Browser, site: str, mixable: tuple[str, str]
) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, service_workers="block"
    )
    page = context.new_page()
    person = Visitor(site, context, page)
    person.log_in(mixable[0])
    person.go(mixable[1])
    player = MixerPage(person)
    player.mixer.wait_for()
    player.as_at_first()
    opener = page.get_by_role("button", name="Practice", exact=True)
    opener.tap()
    view = page.get_by_role("dialog", name="Practice")
    play = view.get_by_role("button", name="Play", exact=True)
    expect(play).to_be_focused()
    assert view.evaluate(FITS)
    view.get_by_role("button", name="Bass").tap()
    expect(view.get_by_role("button", name="Bass")).to_have_attribute("aria-pressed", "false")
    play.tap()
    expect(player.mixer).to_have_attribute("data-state", "playing")
    view.get_by_role("button", name="Loop").tap()
    expect(view.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    page.set_viewport_size({"width": 740, "height": 360})
    assert view.evaluate(FITS)
    page.keyboard.press("Escape")
    expect(view).to_be_hidden()
    expect(opener).to_be_focused()
    opener.tap()
    expect(view).to_be_visible()
    page.go_back()
    expect(view).to_be_hidden()
    expect(player.mixer).to_have_attribute("data-state", "playing")
    player.as_at_first()
    context.close()


def test_a_desktop_has_no_button_for_it(open_mixer: Callable[[], MixerPage]) -> None:
    expect(open_mixer().page.get_by_role("button", name="Practice", exact=True)).to_be_hidden()
