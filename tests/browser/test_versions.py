"""A newer version of a song, from the notice on the old page to its place in the library."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_steering import tab_to
from tests.browser.visitor import JOB_S, Visitor, song, visitor

pytestmark = pytest.mark.browser

NOTICE = "A newer version, made with spectral, is ready."
LOOKS = 60
"""At the page; a campaign makes its jobs when the housekeeping of the worker comes by."""


@pytest.fixture
def owner(
    browser: Browser, site: str, operator: Callable[..., None], tmp_path: Path
) -> Iterator[Visitor]:
    """On the page of a song of which a campaign has made another version."""
    person = visitor(browser, site, width=360)
    person.sign_up("versions")
    person.choose(song(tmp_path, "Old friend.wav", seconds=1.0))
    person.separate()
    person.page.wait_for_url("**/jobs/*/")
    expect(person.page.locator(".track audio").first).to_be_attached(timeout=JOB_S)
    operator("reprocess", "--separator", "spectral", "--format", "mp3", "--owner", "versions")
    _reload_until(person.page, NOTICE)
    yield person
    person.context.close()


def _reload_until(page: Page, words: str) -> None:
    for _ in range(LOOKS):
        if page.get_by_text(words).is_visible():
            return
        page.wait_for_timeout(1000)
        page.reload()
    pytest.fail(f"the page never says {words!r}")


def test_a_version_is_heard_and_accepted_without_a_mouse(
    owner: Visitor, browser: Browser, site: str
) -> None:
    page = owner.page
    old = page.url.removeprefix(site)
    tab_to(page, page.get_by_role("link", name="Look at it and listen"))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith(old))
    new = page.url.removeprefix(site)
    expect(page.get_by_text("This is a newer version of")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360

    stranger = visitor(browser, site)
    stranger.sign_up("versionless")
    for path in (old, new, f"{new}tracks/vocals/listen/"):
        assert stranger.go(path) == 404, path
    # What the button of the owner sends, sent by somebody else.
    stranger.go("/jobs/")
    sent = stranger.page.evaluate(
        """async (path) => {
            const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
            const headers = {"X-CSRFToken": token};
            return (await fetch(path, {method: "POST", headers})).status;
        }""",
        f"{new}accept/",
    )
    assert sent == 404
    stranger.context.close()

    tab_to(page, page.get_by_role("button", name="Accept the newer version"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("The newer version is in your library now.")).to_be_visible()
    page.get_by_role("link", name="Library", exact=True).first.click()
    found = page.get_by_role("link", name="Old friend")
    expect(found).to_have_count(1)
    expect(found).to_have_attribute("href", new)
    owner.go(old)
    expect(page.get_by_text("This is an older version.")).to_be_visible()
    assert owner.complaints == []
