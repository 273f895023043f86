"""Named loops and mixes: saved by keyboard on a desktop, applied on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.mixer_page import MixerPage
from tests.browser.visitor import visitor

pytestmark = pytest.mark.browser


def test_a_phone_applies_what_was_saved_at_the_desktop(
    open_mixer: Callable[[], MixerPage], mixable: tuple[str, str], browser: Browser, site: str
) -> None:
    desktop = open_mixer()
    page = desktop.page
    page.get_by_text("Saved loops and mixes").click()
    save = page.get_by_role("button", name="Save the loop")
    expect(save).to_be_disabled()
    desktop.call("mixer.region.set(10, 20)")
    name = page.get_by_role("textbox", name="Name of a new loop")
    name.fill("Chorus")
    name.press("Enter")
    renamed = page.get_by_role("textbox", name="Name of the loop")
    expect(renamed).to_have_value("Chorus")
    renamed.fill("Last chorus")
    renamed.press("Enter")
    expect(page.get_by_role("button", name="Apply Last chorus")).to_be_visible()
    desktop.press("Mute Bass")
    desktop.press("Save the mix")
    expect(page.get_by_role("button", name="Apply Mix 1")).to_be_visible()
    desktop.as_at_first()

    phone = visitor(browser, site, width=360)
    phone.log_in(mixable[0])
    phone.go(mixable[1])
    there = MixerPage(phone)
    there.mixer.wait_for()
    phone.page.get_by_text("Saved loops and mixes").click()
    there.press("Apply Last chorus")
    assert there.call("[mixer.region.start, mixer.region.end]") == [10, 20]
    there.press("Apply Mix 1")
    mute = phone.page.get_by_role("button", name="Mute Bass")
    expect(mute).to_have_attribute("aria-pressed", "true")
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 360
    for entry in ("Last chorus", "Mix 1"):
        there.press(f"Delete {entry}")
        gone = phone.page.get_by_role("button", name=f"Apply {entry}")
        expect(gone).to_have_count(0)
    there.as_at_first()
    assert desktop.person.complaints == phone.complaints == []
    phone.context.close()
