"""Somebody without an account opens the first page and plays the song that it has."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.mixer_page import MixerPage
from tests.browser.visitor import Visitor, until, visitor

pytestmark = pytest.mark.browser

LOUDEST = """(() => {
    const samples = new Float32Array(2048);
    mixer.engine.graph.meter.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
})()"""
"""The highest sample of what is heard now."""

RENDERED_WITHIN_S = 120.0


def open_front(person: Visitor) -> MixerPage:
    """The worker renders the song beside whatever else it does."""

    def has_mixer() -> bool:
        assert person.go("/") == 200
        if "data-mixer=" in person.page.content():
            return True
        # To load the page again and again would keep the worker from rendering.
        person.page.wait_for_timeout(1000)
        return False

    until(person.page, has_mixer, within_s=RENDERED_WITHIN_S)
    return MixerPage(person)


def test_a_visitor_presses_play_and_hears_the_song(browser: Browser, site: str) -> None:
    guest = visitor(browser, site, width=360)
    player = open_front(guest)
    page = guest.page
    player.mixer.wait_for()
    expect(page.locator(".front__plain")).to_be_hidden()
    expect(page.locator("[data-lane]")).to_have_count(4)
    player.press_play()
    until(page, lambda: player.position() > 0.5)
    until(page, lambda: player.call(LOUDEST) > 0.01)
    player.press("Solo Vocals")
    expect(player.lane("drums")).to_contain_class("lane--silent")
    expect(player.lane("vocals")).not_to_contain_class("lane--silent")
    now = player.position()
    until(page, lambda: player.position() > now + 0.3)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert guest.context.cookies() == []
    assert guest.complaints == []
    guest.context.close()


def test_without_javascript_each_stem_has_a_player(browser: Browser, site: str) -> None:
    guest = visitor(browser, site, scripts=False)
    player = open_front(guest)
    expect(player.mixer).to_be_hidden()
    vocals = guest.page.get_by_label("Play Vocals", exact=True)
    expect(vocals).to_be_visible()
    vocals.evaluate("(audio) => { audio.muted = true; return audio.play(); }")
    until(guest.page, lambda: vocals.evaluate("(audio) => audio.currentTime > 0"))
    guest.context.close()


def test_when_the_mixers_script_does_not_load_each_stem_has_a_player(
    browser: Browser, site: str
) -> None:
    guest = visitor(browser, site, width=360)
    guest.context.route("**/js/mixer/main*.js", lambda route: route.abort())
    player = open_front(guest)
    expect(player.mixer).to_be_hidden()
    expect(guest.page.get_by_label("Play Vocals", exact=True)).to_be_visible()
    expect(guest.page.get_by_role("heading", level=1)).to_be_visible()
    expect(guest.page.get_by_role("link", name="Create an account")).to_be_visible()
    guest.context.close()
