"""The main pages look as they did when somebody last looked: ``make pictures`` says that a change
of look is meant."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser

from tests.browser.tour import LIGHT, PHONE_DARK, Look, tour
from tests.browser.tour.likeness import FOLDER, SCALE, Comparison, take, width_of_text
from tests.browser.tour_world import Stop

pytestmark = pytest.mark.browser

PAGES = ("landing", "log-in", "upload", "history", "job-mixer", "job-running", "account", "compare")
LOOKS = (LIGHT, PHONE_DARK)
MAY_DIFFER = 0.02
"""Of a picture's cells: times of day and random names of a filled site do."""

FONTS = FOLDER / "fonts.json"
RENEW = bool(os.environ.get("RENEW_PICTURES"))


@contextmanager
def comparing(browser: Browser) -> Iterator[Comparison]:
    comparison = Comparison.of(browser)
    yield comparison
    comparison.page.context.close()


def _known_fonts() -> int:
    return int(json.loads(FONTS.read_text())["width"]) if FONTS.is_file() else 0


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_the_main_pages_look_as_they_did(
    browser: Browser, filled: tuple[str, list[Stop]], look: Look
) -> None:
    site, stops = filled
    different = {}
    with tour(browser, site, look, scale=SCALE) as going, comparing(browser) as comparison:
        for stop in (each for each in stops if each.name in PAGES):
            page = going.go(stop)
            width = width_of_text(page)
            now, file = take(page), FOLDER / f"{stop.name}-{look.name}.png"
            if RENEW:
                FOLDER.mkdir(exist_ok=True)
                FONTS.write_text(json.dumps({"width": width}) + "\n")
                file.write_bytes(now)
            elif width != _known_fonts():
                pytest.skip("The pictures were taken with other fonts than this machine has.")
            share = comparison.share_that_differs(file.read_bytes(), now)
            if share > MAY_DIFFER:
                different[stop.name] = f"{share:.1%} differ"
    assert different == {}, "If that is meant: make pictures, look at them, commit them."


def test_every_main_page_is_in_the_tour(filled: tuple[str, list[Stop]]) -> None:
    assert set(PAGES) <= {stop.name for stop in filled[1]}


def test_another_colour_or_place_of_a_box_is_noticed(browser: Browser) -> None:
    def picture(style: str, text: str = "Some words of the page, as long as a line is.") -> bytes:
        page = browser.new_page(viewport={"width": 1280, "height": 800}, device_scale_factor=SCALE)
        page.set_content(f"<p>{text}</p><div style='width:300px;height:120px;{style}'></div>")
        taken = take(page)
        page.context.close()
        return taken

    with comparing(browser) as comparison:
        before = picture("background:#246")
        same = comparison.share_that_differs(before, picture("background:#246"))
        other_words = picture("background:#246", "Other words, which are about as long as those.")
        assert same == 0
        assert comparison.share_that_differs(before, other_words) < MAY_DIFFER
        for style in ("background:#642", "background:#246;margin-left:300px", "background:#fff"):
            assert comparison.share_that_differs(before, picture(style)) > MAY_DIFFER, style
