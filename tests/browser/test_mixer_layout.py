"""The mixer on screens of every width: no name is cut, and the time keeps to one line."""

from collections.abc import Callable

import pytest

from tests.browser.mixer_page import MixerPage

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1280, 1920)
NAMES = (
    "No vocals",
    "Instrumental",
    "Accompaniment",
    "Donaudampfschifffahrtsgesellschaftskapitänschor",
    "Hintergrundgesang und Blechbläsergruppe im linken Kanal",
    "W" * 128,
)
WRITE = """(spans, names) => spans.forEach((span, n) => { span.textContent = names[n]; })"""
LINES = """(element, text) => {
    if (text) element.textContent = text;
    const range = document.createRange();
    range.selectNodeContents(element);
    return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
}"""


@pytest.fixture
def player(open_mixer: Callable[..., MixerPage]) -> MixerPage:
    """With names that are longer than those of most stems."""
    player = open_mixer()
    player.page.locator(".lane__name span").evaluate_all(WRITE, list(NAMES))
    return player


def resize(player: MixerPage, width: int) -> None:
    player.page.set_viewport_size({"width": width, "height": 800})
    assert player.page.evaluate("document.documentElement.scrollWidth") == width


def test_names_of_lanes_are_never_cut(player: MixerPage) -> None:
    for width in WIDTHS:
        resize(player, width)
        assert player.cut_names() == []
    name = player.lane("drums").locator(".lane__name span")
    assert name.text_content() == "No vocals"
    assert name.evaluate(LINES) == 1, "it has room beside the buttons"


def test_the_time_keeps_to_one_line_also_in_songs_of_hours(player: MixerPage) -> None:
    time = player.page.locator("[data-time]")
    for width in WIDTHS:
        resize(player, width)
        for text in ("0:33.0 / 1:00", "12:34.5 / 59:59", "1:02:33.4 / 10:20:00"):
            assert time.evaluate(LINES, text) == 1, f"{text} at {width} px"
            assert time.evaluate("(time) => time.scrollWidth <= time.clientWidth")
            assert player.page.evaluate("document.documentElement.scrollWidth") == width
