"""The page that ``manage.py evaluate --html`` writes, opened from its file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from separation.evaluation.page import as_page
from tests.browser.axe import axe_script, violations
from tests.browser.tour import HEIGHT, LOOKS, Look
from tests.separation.evaluation.reports import report, run, song

pytestmark = pytest.mark.browser

LONG = "a_stem_with_quite_a_long_name"


@contextmanager
def opened(browser: Browser, folder: Path, look: Look) -> Iterator[Page]:
    long: dict[str, Any] = {LONG: 3.0}
    first = run(song("A", vocals=1.25, drums=4.0), song("B" * 90, vocals=-2.25, **long))
    file = folder / "report.html"
    file.write_text(as_page(report(first, run(song("A", vocals=3.0), name="other"))), "utf-8")
    page = browser.new_page(
        viewport={"width": look.width, "height": HEIGHT},
        color_scheme="dark" if look.scheme == "dark" else "light",
    )
    page.goto(file.as_uri())
    page.locator("summary").first.click()
    yield page
    page.context.close()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_it_fits_every_screen_breaks_no_rule_and_follows_the_scheme(
    browser: Browser, tmp_path: Path, look: Look
) -> None:
    with opened(browser, tmp_path, look) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= look.width
        assert violations(page, axe_script(), []) == []
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (max(map(int, ground[4:-1].split(","))) < 64) == (look.scheme == "dark")
        assert page.locator("details table").first.is_visible()


def test_every_word_in_a_plot_lies_within_it_and_can_be_read(
    browser: Browser, tmp_path: Path
) -> None:
    with opened(browser, tmp_path, LOOKS[-1]) as page:
        plots = page.locator("svg")
        for place in range(plots.count()):
            frame = plots.nth(place).bounding_box()
            assert frame is not None
            for word in plots.nth(place).locator("text").all():
                box = word.bounding_box()
                assert box is not None
                assert frame["x"] <= box["x"] and box["height"] >= 10, word.text_content()
                assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
