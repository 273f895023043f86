"""Every page against the rules of WCAG 2.2 AA that axe can check, light, and dark on a phone."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import axe_script, violations
from tests.browser.tour import LIGHT, PHONE_DARK, Look, tour
from tests.browser.tour_world import Stop
from tests.screenshots import README_PAGE

pytestmark = pytest.mark.browser

FOREIGN = frozenset({"api"})
"""Pages of others (Swagger UI), whose markup is not ours."""

NOT_OURS = [[".breadcrumbs"]]
"""Django's, on the operator's page too: links told by colour alone."""


@dataclass(frozen=True)
class Sight:
    """What there was to see on one page in one look."""

    page: str
    look: Look
    width: int
    violations: list[str]


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_script()


@pytest.fixture(scope="module")
def sights(browser: Browser, axe: str, filled: tuple[str, list[Stop]]) -> list[Sight]:
    seen = []
    site, stops = filled
    with tour(browser, site, LIGHT) as going:
        for stop in stops:
            if stop.name not in FOREIGN:
                page = going.go(stop)
                # Turned over in place, instead of loading every page again.
                for look in (LIGHT, PHONE_DARK):
                    going.turn(page, look)
                    seen.append(_sight(page, stop.name, look, axe))
    return seen


def _sight(page: Page, name: str, look: Look, axe: str) -> Sight:
    width = page.evaluate("document.documentElement.scrollWidth")
    return Sight(name, look, width, violations(page, axe, NOT_OURS))


def test_no_page_breaks_a_rule_of_accessibility(sights: list[Sight]) -> None:
    broken = {(sight.page, sight.look.name): sight.violations for sight in sights}
    assert {where: found for where, found in broken.items() if found} == {}


def test_the_page_that_the_readme_shows_is_among_them(sights: list[Sight]) -> None:
    assert README_PAGE in {sight.page for sight in sights}


def test_no_page_is_wider_than_its_screen(sights: list[Sight]) -> None:
    assert [(sight.page, sight.width) for sight in sights if sight.width > sight.look.width] == []


def test_the_rules_notice_a_page_that_breaks_them(browser: Browser, axe: str) -> None:
    page = browser.new_page()
    page.set_content("<title>x</title><main><h1>x</h1><img src='x.png'><input></main>")
    found = "\n".join(violations(page, axe, NOT_OURS))
    page.context.close()
    assert "image-alt" in found
    assert "label" in found
