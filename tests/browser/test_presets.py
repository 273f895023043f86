"""A preset chosen with the keyboard, its preview heard, and the whole song asked for."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visitor import JOB_S, song, visitor

pytestmark = pytest.mark.browser
SONG_S = 100.0


def own_choices(page: Page) -> bool:
    return page.get_by_role("radio", name="Spectral masks").is_visible()


def test_a_preview_needs_no_script_and_leads_to_the_whole_song(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    person = visitor(browser, site, scripts=False, width=360)
    page = person.page
    person.sign_up("hasty")
    person.go("/")
    expect(page.get_by_role("radio", name="Stems", exact=True)).to_be_checked()
    assert not own_choices(page)
    person.open_more()
    page.get_by_role("radio", name="Fast", exact=True).check()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Preview", exact=True)).to_be_checked()
    page.get_by_role("radio", name="Own choice", exact=True).check()
    expect(page.get_by_role("radio", name="Spectral masks")).to_be_visible()
    page.get_by_role("radio", name="Preview", exact=True).check()
    page.get_by_label("Choose songs").set_input_files(song(tmp_path, "Long.wav", seconds=SONG_S))
    began = time.monotonic()
    person.separate()
    told = page.get_by_text("This is a preview: seconds 33 to 63 of a song of 1:40.")
    expect(told).to_be_visible(timeout=JOB_S)
    print(f"preview of {SONG_S:.0f} s: {time.monotonic() - began:.1f} s from upload to result")  # noqa: T201
    expect(page.get_by_text("0:30", exact=True).first).to_be_attached()
    page.get_by_role("button", name="Separate the whole song").click()
    expect(page.get_by_role("heading", name="Long")).to_be_visible()
    expect(told).to_be_hidden()
    page.get_by_role("button", name="Cancel").click()
    assert person.complaints == []
    person.context.close()


def test_the_script_sends_the_preset_with_each_song(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    person = visitor(browser, site)
    page = person.page
    person.sign_up("dancer")
    person.go("/")
    person.open_more()
    page.get_by_role("radio", name="Stems for DJs").check()
    files = [song(tmp_path, name, seconds=1.0) for name in ("One.wav", "Two.wav")]
    page.get_by_label("Choose songs").set_input_files(files)
    page.get_by_role("button", name="Separate 2 songs").click()
    page.wait_for_url("**/batches/*/")
    jobs = person.context.request.get(f"{site}/api/v1/jobs").json()["results"]
    addresses = [f"{site}{job['url']}" for job in jobs]
    requests = [person.context.request.get(each).json()["request"] for each in addresses]
    assert [(each["preset"], each["ni_stems"]) for each in requests] == [("dj", True)] * 2
    page.get_by_role("link", name="One").click()
    page.get_by_role("tab", name="Downloads").click(timeout=2 * JOB_S)
    page.get_by_text("The song and its stems in one file").click()
    with page.expect_download() as file:
        page.get_by_role("link", name="Download All stems in one file").click()
    assert file.value.suggested_filename == "One.stem.mp4"
    assert b"stem{" in file.value.path().read_bytes()
    assert person.complaints == []
    person.context.close()
