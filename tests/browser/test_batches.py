"""Songs sent together in a real browser: the page of the batch, and the notification of its end."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visitor import JOB_S, Visitor, song, visitor

pytestmark = pytest.mark.browser

LISTEN = """
const key = "notifications told";
window.Notification = class extends Notification {
  constructor(title, options) {
    super(title, options);
    const before = JSON.parse(localStorage.getItem(key) ?? "[]");
    localStorage.setItem(key, JSON.stringify([...before, [title, options.body]]));
  }
};
"""
"""Writes down every notification that the browser shows, also those of a page that is gone."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("songs")


@pytest.fixture(scope="module")
def owner(browser: Browser, site: str) -> Iterator[Visitor]:
    person = visitor(browser, site)
    person.context.grant_permissions(["notifications"])
    person.context.add_init_script(LISTEN)
    person.sign_up("bandleader")
    yield person
    person.context.close()


def told(person: Visitor) -> Any:
    return person.page.evaluate("JSON.parse(localStorage.getItem('notifications told') ?? '[]')")


def test_songs_sent_together_are_followed_told_of_and_fetched_as_one(
    owner: Visitor, folder: Path
) -> None:
    page = owner.page
    owner.go("/")
    owner.choose(song(folder, "One.wav", seconds=8.0), song(folder, "Two.wav", seconds=8.0))
    owner.separate()
    page.wait_for_url("**/batches/*/", timeout=JOB_S)
    page.get_by_role("button", name="Tell me when it is done").click()
    pressed = page.get_by_role("button", name="You will be told when it is done")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("link", name="Download all results")).to_be_visible(timeout=2 * JOB_S)
    page.wait_for_load_state("load")
    title = page.get_by_role("heading", level=1).inner_text()
    assert told(owner) == [[title, "Done: 2 completed"]]
    page.reload()
    assert len(told(owner)) == 1
    with page.expect_download() as archive:
        page.get_by_role("link", name="Download all results").click()
    assert archive.value.suggested_filename.endswith(".zip")
    page.get_by_role("link", name="Library", exact=True).first.click()
    row = page.get_by_role("listitem").filter(has_text="Batch of 2 songs: 2 completed")
    row.get_by_role("link", name=re.compile("^Songs of ")).click()
    expect(page.get_by_role("link", name="One")).to_be_visible()
    assert owner.complaints == []


def test_a_lone_song_is_told_of_on_its_page_once(owner: Visitor, folder: Path) -> None:
    before = len(told(owner))
    owner.go("/")
    owner.choose(song(folder, "Three.wav", seconds=20.0))
    owner.separate()
    owner.page.get_by_role("button", name="Tell me when it is done").click()
    pressed = owner.page.get_by_role("button", name="You will be told when it is done")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    expect(owner.page.locator(".track audio").first).to_be_attached(timeout=JOB_S)
    # The player's elements are parsed before the script that tells runs.
    owner.page.wait_for_load_state("load")
    assert told(owner)[before:] == [["Three", "Done: Completed"]]
    owner.page.reload()
    assert len(told(owner)) == before + 1


def test_a_browser_that_blocks_notifications_is_told_so_and_one_without_them_offered_none(
    browser: Browser, site: str, folder: Path
) -> None:
    person = visitor(browser, site)
    person.sign_up("drummer")
    person.choose(song(folder, "Four.wav", seconds=20.0))
    person.separate()
    button = person.page.get_by_role("button", name="Tell me when it is done")
    button.click()
    expect(person.page.get_by_text("Your browser blocks notifications")).to_be_visible()
    expect(button).to_have_attribute("aria-pressed", "false")
    person.context.add_init_script("delete window.Notification;")
    person.page.route("**/progress/", lambda route: route.abort())
    person.page.reload()
    expect(person.page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(button).to_be_hidden()
    person.context.close()
