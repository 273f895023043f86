"""A job steered by its buttons, and the whole path without a mouse."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.visitor import JOB_S, Visitor, song, until, visitor

pytestmark = pytest.mark.browser

MOST_STOPS = 120
"""Of the Tab key on the longest page, the results with their mixer."""

FOCUS = """(target) => {
    const element = document.activeElement;
    const zone = element.closest(".dropzone, label");
    const ring = [element, element.nextElementSibling, zone].some((each) => {
        const style = each && getComputedStyle(each);
        return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    });
    return [ring, element === target, element.outerHTML];
}"""


@pytest.fixture
def person(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    somebody = visitor(browser, site)
    somebody.sign_up(request.node.name)
    yield somebody
    somebody.context.close()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until ``wanted`` has the focus, which must show at every stop on the way."""
    target = wanted.element_handle()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        has_ring, arrived, element = page.evaluate(FOCUS, target)
        if element.startswith("<body"):
            continue  # behind the last stop the browser's own bar has the focus, then the first one
        assert has_ring, f"no ring around {element}"
        if arrived:
            return
    pytest.fail(f"Tab does not lead to {wanted}")


def test_buttons_cancel_retry_and_delete(person: Visitor, tmp_path: Path) -> None:
    page = person.page
    person.choose(song(tmp_path, "Long.wav", seconds=60.0))
    person.separate()
    page.wait_for_url("**/jobs/*/")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("You cancelled this job")).to_be_visible(timeout=JOB_S)
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("progress")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("You cancelled this job")).to_be_visible(timeout=JOB_S)
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("Long and its tracks are deleted.")).to_be_visible()
    expect(page.get_by_text("No songs yet")).to_be_visible()


def test_the_keyboard_alone_leads_from_upload_to_results(person: Visitor, tmp_path: Path) -> None:
    page = person.page
    keys = song(tmp_path, "Keys.wav", seconds=1.0)
    # Before the walk: a chooser that opens before the browser was told to hand it over is lost.
    page.on("filechooser", lambda chooser: chooser.set_files(keys))
    tab_to(page, page.get_by_role("radio", name="Stems", exact=True))
    while not page.get_by_role("radio", name="Everything", exact=True).is_checked():
        page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_label("Choose songs"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Songs to upload")).to_contain_text("Keys.wav")
    tab_to(page, page.get_by_role("button", name="Separate"))
    page.keyboard.press("Space")
    page.wait_for_url("**/jobs/*/")
    player = page.get_by_label("Play Main", exact=True)
    expect(player).to_be_attached(timeout=JOB_S)
    tab_to(page, page.get_by_role("tab", name="Mix"))
    page.keyboard.press("ArrowRight")
    tab_to(page, page.get_by_role("link", name="Download Vocals, "))
    with page.expect_download() as stem:
        page.keyboard.press("Enter")
    assert "vocals" in stem.value.suggested_filename.lower()
    tab_to(page, page.locator("summary").filter(has_text="Composites"))
    page.keyboard.press("Enter")
    tab_to(page, player)
    page.keyboard.press("Space")
    until(page, lambda: player.evaluate("(audio) => !audio.paused"))
