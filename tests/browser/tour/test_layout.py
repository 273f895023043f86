"""No text is cut off and nothing scrolls sideways, on any page, in any language, at any width."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.tour import Look, tour
from tests.browser.tour.cut_text import cut_texts, sideways
from tests.browser.tour_world import Stop

pytestmark = pytest.mark.browser

LANGUAGES = ("en", "de", "es")
WIDTHS = (1920, 1280, 768, 360)
FOREIGN = frozenset({"api", "admin-jobs", "admin-batches"})
"""Pages whose layout is that of Swagger UI and of Django's lists."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_off_and_nothing_scrolls_sideways(
    browser: Browser, filled: tuple[str, list[Stop]], language: str
) -> None:
    site, stops = filled
    looks = [Look(f"{width} px", "light", width) for width in WIDTHS]
    found: dict[str, list[str]] = {}
    with tour(browser, site, looks[0], language=language) as going:
        for stop in stops:
            if stop.name in FOREIGN:
                continue
            page = going.go(stop)
            for look in looks:
                going.turn(page, look)
                if wrong := [*cut_texts(page), *sideways(page)]:
                    found[f"{stop.name} at {look.name}"] = wrong
    assert found == {}


def test_what_is_cut_off_or_scrolls_is_noticed(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.set_content(
        "<div style='width:60px;overflow:hidden;white-space:nowrap'>cut by its own box</div>"
        "<div style='height:20px;overflow:hidden'>seen<p>cut below</p></div>"
        "<div style='width:90px;overflow:auto'><pre>it scrolls in a box of its own</pre></div>"
        "<p>all of this can be read</p>"
    )
    assert len(cut_texts(page)) == 2
    assert len(sideways(page)) == 1
    page.set_content("<p style='width:500px'>wider than the page</p>")
    assert sideways(page) == ["the page is 508 px wide"]
    page.context.close()


@pytest.mark.parametrize(("width", "most"), [(1280, 2 * 800), (360, 4 * 740)])
def test_a_result_is_short_whatever_tab_is_open(
    browser: Browser, filled: tuple[str, list[Stop]], width: int, most: int
) -> None:
    """Two screens of a desktop, four of a phone, for a song of four stems."""
    site, stops = filled
    result = next(stop for stop in stops if stop.name == "job-four-stems")
    with tour(browser, site, Look("short", "light", width)) as going:
        page = going.go(result)
        heights = {}
        for name in ("Mix", "Downloads", "Quality", "Share", "Details"):
            page.get_by_role("tab", name=name, exact=True).click()
            expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
            heights[name] = page.evaluate("document.documentElement.scrollHeight")
    assert {name: height for name, height in heights.items() if height > most} == {}
