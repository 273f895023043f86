"""The mixer as a picture: seeking, loops and zoom by hand, spectrograms, a phone, no script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.mixer_page import MixerPage
from tests.browser.test_steering import tab_to
from tests.browser.visitor import visitor

pytestmark = pytest.mark.browser

PAINTED = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count += 1;
    return count / (canvas.width * canvas.height);
}"""

COLOURS = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let at = 0; at < data.length; at += 4) seen.add(data[at] << 16 | data[at + 1] << 8 | data[at + 2]);
    return seen.size;
}"""  # noqa: E501


@pytest.fixture
def player(open_mixer: Callable[[], MixerPage]) -> MixerPage:
    return open_mixer()


def wave(player: MixerPage, name: str) -> Locator:
    return player.lane(name).locator("[data-wave]")


def point(player: MixerPage, place: float) -> tuple[float, float]:
    """On the waveform of the bass; ``place`` from 0, its start, to 1."""
    wave(player, "bass").scroll_into_view_if_needed()
    box = wave(player, "bass").bounding_box()
    assert box is not None
    return box["x"] + place * box["width"], box["y"] + box["height"] / 2


def test_every_stem_has_its_waveform(player: MixerPage) -> None:
    player.page.wait_for_timeout(1500)
    shares = [
        player.lane(name).locator("[data-waveform]").evaluate(PAINTED)
        for name in ("drums", "bass", "other", "vocals", "guitar", "piano")
    ]
    assert all(0.03 < share < 0.9 for share in shares), shares


def test_a_click_on_a_waveform_seeks(player: MixerPage) -> None:
    player.page.mouse.click(*point(player, 0.5))
    assert player.position() == pytest.approx(30.0, abs=0.3)


def test_a_drag_marks_a_loop_that_the_keys_can_adjust(player: MixerPage) -> None:
    page = player.page
    page.mouse.move(*point(player, 0.25))
    page.mouse.down()
    page.mouse.move(*point(player, 0.4), steps=4)
    page.mouse.move(*point(player, 0.5), steps=4)
    page.mouse.up()
    page.wait_for_timeout(200)
    loop = player.call("mixer.engine.loop")
    assert loop["start"] == pytest.approx(15.0, abs=0.3)
    assert loop["end"] == pytest.approx(30.0, abs=0.3)
    start = page.get_by_role("slider", name="Start of the loop")
    start.focus()
    start.press("PageUp")
    page.wait_for_timeout(200)
    assert player.call("mixer.engine.loop.start") == pytest.approx(loop["start"] + 1, abs=0.01)
    player.press("Remove the loop")
    page.wait_for_timeout(200)
    assert player.call("mixer.engine.loop") is None
    assert player.position() == 0, "a drag is no click"


def test_buttons_and_the_wheel_zoom(player: MixerPage) -> None:
    length = "mixer.viewport.lengthS"
    whole = player.call(length)
    player.press("Zoom in")
    assert player.call(length) == pytest.approx(whole / 1.6)
    player.press("Fit")
    assert player.call(length) == whole
    player.page.mouse.move(*point(player, 0.5))
    player.page.keyboard.down("Control")
    player.page.mouse.wheel(0, -400)
    player.page.keyboard.up("Control")
    player.page.wait_for_timeout(200)
    assert player.call(length) < whole / 1.5
    assert player.call("mixer.viewport.place(30)") == pytest.approx(0.5, abs=0.02)


def test_a_spectrogram_is_made_when_it_is_asked_for(player: MixerPage) -> None:
    canvas = player.lane("piano").locator("[data-spectrogram]")
    expect(canvas).to_be_hidden()
    player.press("Spectrogram of Piano")
    expect(canvas).to_have_attribute("data-state", "done", timeout=60_000)
    expect(canvas).to_be_visible()
    assert canvas.evaluate(COLOURS) > 50
    player.press("Spectrogram of Piano")
    expect(canvas).to_be_hidden()
    assert player.person.complaints == []


def test_where_somebody_sings_is_marked_in_the_vocals_only(player: MixerPage) -> None:
    bottom = """(canvas) => {
        const context = canvas.getContext("2d");
        const y = canvas.height - 2;
        return [0.05, 0.2, 0.6].map((place) =>
            context.getImageData(Math.round(place * canvas.width), y, 1, 1).data[3]);
    }"""
    player.page.wait_for_timeout(1500)
    before, singing, again = player.lane("vocals").locator("[data-waveform]").evaluate(bottom)
    assert (before, singing > 0, again > 0) == (0, True, True)
    assert player.lane("bass").locator("[data-waveform]").evaluate(bottom) == [0, 0, 0]


def test_the_mixer_fits_a_phone_and_plays_there(open_mixer: Callable[..., MixerPage]) -> None:
    player = open_mixer(width=360)
    assert player.page.evaluate("document.documentElement.scrollWidth") == 360
    player.press_play()
    assert player.position() > 0
    for name in ("Solo Drums", "Volume of Piano", "Speed", "Position"):
        box = player.page.get_by_label(name, exact=True).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360


def test_stems_have_one_player_and_other_tracks_stop_it(player: MixerPage) -> None:
    expect(player.page.get_by_label("Play Vocals", exact=True)).to_be_hidden()
    player.press_play()
    player.page.get_by_label("Play Vocals", exact=True).evaluate("(audio) => audio.play()")
    expect(player.mixer).to_have_attribute("data-state", "paused")


def test_tab_reaches_every_control_and_shows_where_it_is(player: MixerPage) -> None:
    page = player.page
    tab_to(page, page.get_by_role("button", name="Play", exact=True))
    page.keyboard.press("Space")
    player.until_it_sounds()
    for role, name in (
        ("slider", "Position"),
        ("button", "Solo Drums"),
        ("slider", "Pan of Piano"),
    ):
        tab_to(page, page.get_by_role(role, name=name, exact=True))  # type: ignore[arg-type]
    page.keyboard.press("ArrowRight")
    assert player.call("mixer.desk.stems[5].pan") == pytest.approx(0.01)
    assert player.state() == "playing"


def test_without_javascript_the_plain_players_are_there(
    browser: Browser, site: str, mixable: tuple[str, str]
) -> None:
    plain = visitor(browser, site, scripts=False)
    plain.log_in(mixable[0])
    plain.go(mixable[1])
    expect(plain.page.get_by_role("region", name="Mixer")).to_be_hidden()
    expect(plain.page.get_by_label("Play Vocals", exact=True)).to_be_visible()
    expect(plain.page.get_by_role("link", name="Download Vocals, ")).to_be_visible()
    plain.context.close()
