"""The mixer opens as it was left: after a reload, and on another device of the same account."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.mixer_page import MixerPage
from tests.browser.visitor import visitor

pytestmark = pytest.mark.browser

HEARD = "mixer.desk.stems.filter((_, n) => mixer.desk.isHeard(n)).map(({ name }) => name)"
LOOP = "[mixer.region.start, mixer.region.end, mixer.region.isOn]"
VIEW_S = "mixer.viewport.lengthS"


def leave(player: MixerPage) -> None:
    """By hand and by key: a mute, a fader, a speed, a loop, a closer view, and another place."""
    player.press("Mute Bass")
    player.slide("Volume of Drums", 50)
    player.slide("Pan of Piano", -40)
    player.slide("Master volume", 80)
    player.slide("Speed", 0.75)
    player.slide("Position", 30)
    player.press("Loop")
    player.press("Zoom in")
    player.slide("Position", 33)


def expect_as_left(player: MixerPage) -> None:
    player.mixer.wait_for()
    page = player.page
    pressed = {"Mute Bass": "true", "Solo Bass": "false", "Loop": "true"}
    for name, state in pressed.items():
        button = page.get_by_role("button", name=name, exact=True)
        expect(button).to_have_attribute("aria-pressed", state)
    values = {"Volume of Drums": "50", "Pan of Piano": "-40", "Master volume": "80"}
    for name, value in {**values, "Speed": "0.75", "Position": "33"}.items():
        expect(page.get_by_role("slider", name=name, exact=True)).to_have_value(value)
    expect(page.get_by_text("0:33.0 / 1:00")).to_be_visible()
    assert player.call(HEARD) == ["drums", "other", "vocals", "guitar", "piano"]
    assert player.call(LOOP) == [30, 38, True]
    assert player.call(VIEW_S) == pytest.approx(60 / 1.6, abs=0.01)
    assert player.call("mixer.engine.rate") == 0.75


def test_a_reload_and_another_device_find_the_mixer_as_it_was_left(
    open_mixer: Callable[[], MixerPage],
    mixable: tuple[str, str],
    browser: Browser,
    site: str,
) -> None:
    player = open_mixer()
    leave(player)
    # At once: nothing but the page that goes can have saved it.
    player.page.reload()
    expect_as_left(player)
    assert player.person.complaints == []

    phone = visitor(browser, site, width=360)
    phone.log_in(mixable[0])
    phone.go(mixable[1])
    there = MixerPage(phone)
    expect_as_left(there)
    with phone.page.expect_response("**/mixer-state/") as saved:
        there.press("Reset")
    assert saved.value.status == 204
    expect(phone.page.get_by_role("slider", name="Speed")).to_have_value("1")
    assert there.call(VIEW_S) == 60
    assert phone.complaints == []
    phone.context.close()

    # What was not changed here since does not come back over what was saved there.
    player.page.reload()
    player.mixer.wait_for()
    expect(player.page.get_by_role("slider", name="Master volume")).to_have_value("100")
    mute = player.page.get_by_role("button", name="Mute Bass")
    expect(mute).to_have_attribute("aria-pressed", "false")
    assert (player.position(), player.call(LOOP)) == (0, [0, 0, False])


def test_what_is_changed_is_saved_by_itself_once_the_hands_rest(
    open_mixer: Callable[[], MixerPage],
) -> None:
    player = open_mixer()
    with player.page.expect_response("**/mixer-state/") as saved:
        player.press("Solo Vocals")
    assert saved.value.status == 204
