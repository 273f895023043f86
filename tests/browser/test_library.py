"""The library in a real browser: songs selected, dragged onto a set list, and put into order."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visitor import Visitor, visitor

pytestmark = pytest.mark.browser

FILL = """
from jobs.services.set_lists.actions import create_set_list
from tests.factories import make_job, make_source, make_user
owner = make_user("collector")
for name in ("Alpha", "Bravo", "Charlie", "Delta"):
    source = make_source(owner=owner, content=b"", original_name=f"{name}.wav", duration_s=60.0)
    make_job(owner=owner, source=source, status="completed")
create_set_list(owner=owner, name="Friday")
"""


@pytest.fixture(scope="module")
def collector(browser: Browser, site: str) -> Iterator[Visitor]:
    person = visitor(browser, site)
    yield person
    person.context.close()


@pytest.fixture
def library(collector: Visitor, operator: Callable[..., None]) -> Visitor:
    operator("shell", "-v0", "-c", FILL)
    collector.log_in("collector")
    collector.page.wait_for_url(lambda address: "login" not in address)
    collector.go("/jobs/")
    return collector


def test_songs_are_selected_dragged_into_a_set_list_and_ordered(library: Visitor) -> None:
    page = library.page
    bar = page.get_by_role("form", name="With the selected songs")
    tick = {name: page.get_by_label(f"Select {name}") for name in ("Alpha", "Bravo", "Delta")}
    expect(bar).to_be_hidden()
    # The newest comes first: Delta, Charlie, Bravo, Alpha.
    tick["Delta"].click()
    expect(bar).to_contain_text("1 song selected")
    tick["Bravo"].click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 songs selected")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    tick["Alpha"].focus()
    page.keyboard.press("Space")
    bar.get_by_role("button", name="Select all on this page").click()
    expect(bar).to_contain_text("4 songs selected")
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()

    friday = page.get_by_role("link", name="Friday")
    tick["Bravo"].check()
    tick["Alpha"].check()
    page.get_by_role("link", name="Bravo", exact=True).drag_to(friday)
    expect(page.get_by_text("2 songs are added to “Friday”.")).to_be_visible()
    # A song that is not selected goes alone.
    page.get_by_label("Select Bravo").check()
    page.get_by_role("link", name="Delta", exact=True).drag_to(friday)
    expect(page.get_by_text("1 song is added to “Friday”.")).to_be_visible()

    friday.click()
    songs = page.get_by_role("list", name="Songs of the set list").get_by_role("listitem")
    titles = songs.locator(".song__title")
    expect(titles).to_have_text(["Bravo", "Alpha", "Delta"])
    with page.expect_response("**/songs/"):
        page.get_by_role("button", name="Move Bravo down").press("Enter")
    expect(titles).to_have_text(["Alpha", "Bravo", "Delta"])
    expect(page.get_by_role("button", name="Move Bravo down")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Bravo is now number 2 of 3.")
    with page.expect_response("**/songs/"):
        songs.nth(2).drag_to(songs.nth(0), target_position={"x": 200, "y": 4})
    expect(titles).to_have_text(["Delta", "Alpha", "Bravo"])
    page.reload()
    expect(titles).to_have_text(["Delta", "Alpha", "Bravo"])
    assert library.complaints == []
