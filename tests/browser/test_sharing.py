"""A song is shared: its owner makes the link, and somebody without an account plays it."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.mixer_page import MixerPage
from tests.browser.visitor import Visitor, until, visitor

pytestmark = pytest.mark.browser


def make_link(owner: Visitor, path: str, *, without: tuple[str, ...] = ()) -> str:
    """The path of the new link, as the owner reads it from the page."""
    page = owner.page
    owner.go(f"{path}#share")
    page.get_by_text("Make a link", exact=True).click()
    for stem in without:
        page.get_by_role("group", name="Stems to hear").get_by_label(stem).uncheck()
    page.get_by_role("button", name="Make the link").click()
    return urlsplit(page.get_by_label("Send this to whoever is to listen").input_value()).path


def test_somebody_without_an_account_plays_what_the_owner_shares(
    browser: Browser, site: str, mixable: tuple[str, str]
) -> None:
    owner, guest = visitor(browser, site), visitor(browser, site, width=360)
    owner.log_in(mixable[0])
    link = make_link(owner, mixable[1], without=("Guitar", "Piano"))
    owner.page.get_by_role("button", name="Copy").click()
    expect(owner.page.get_by_role("status").filter(has_text="Cop")).to_be_visible()

    assert guest.go(link) == 200
    player = MixerPage(guest)
    player.mixer.wait_for()
    names = guest.page.locator("[data-lane]").evaluate_all(
        "(all) => all.map((x) => x.dataset.lane)"
    )
    assert names == ["drums", "bass", "other", "vocals"]
    player.press_play()
    guest.page.wait_for_timeout(500)
    assert player.position() > 0.2
    assert player.call("mixer.engine.graph !== undefined")
    assert guest.page.evaluate("document.documentElement.scrollWidth") == 360
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("Shared stems")
    assert guest.context.cookies() == []
    assert guest.complaints == []

    owner.go(f"{mixable[1]}#share")
    expect(owner.page.get_by_text("opened 1 time")).to_be_visible()
    owner.page.get_by_role("button", name="Revoke the link").click()
    expect(owner.page.get_by_text("revoked ", exact=False).first).to_be_visible()
    assert guest.go(link) == 404
    expect(guest.page.get_by_role("heading", level=1)).to_have_text("This link does not work")
    assert owner.complaints == []
    for person in (owner, guest):
        person.context.close()


def test_without_javascript_a_link_is_made_and_its_stems_play(
    browser: Browser, site: str, mixable: tuple[str, str]
) -> None:
    owner, guest = visitor(browser, site, scripts=False), visitor(browser, site, scripts=False)
    owner.log_in(mixable[0])
    link = make_link(owner, mixable[1])
    assert guest.go(link) == 200
    expect(guest.page.get_by_role("region", name="Mixer")).to_be_hidden()
    player = guest.page.get_by_label("Play Vocals", exact=True)
    expect(player).to_be_visible()
    player.evaluate("(audio) => { audio.muted = true; return audio.play(); }")
    until(guest.page, lambda: player.evaluate("(audio) => audio.currentTime > 0"))
    for person in (owner, guest):
        person.context.close()
