"""Many songs from the page: bars, pauses, lost connections, closed tabs, songs sent before."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.browser.gate import Gate, gate_to
from tests.browser.visitor import Visitor, song, visitor

pytestmark = pytest.mark.browser
SLOW = 300_000
"""Bytes a second: a few seconds for a song of the size used here, so that there is a middle."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("songs")


@pytest.fixture(scope="module")
def account(browser: Browser, site: str) -> Iterator[Visitor]:
    person = visitor(browser, site)
    person.sign_up("uploader")
    yield person
    person.context.close()


@pytest.fixture
def owner(account: Visitor) -> Visitor:
    """The same person in a new tab, whose network is as it should be."""
    new_tab(account)
    return account


@pytest.fixture
def gate(owner: Visitor, site: str) -> Iterator[Gate]:
    """The owner's only way to the site."""
    with gate_to(site) as gate:
        owner.site = gate.address
        yield gate
        owner.site = site


def new_tab(person: Visitor) -> None:
    """Opened before the old one is closed: without any, a browser may end."""
    old, person.page = person.page, person.context.new_page()
    old.close()


def network(person: Visitor, rate: int = -1, *, offline: bool = False) -> None:
    """Of this tab: bytes a second that go up, or no connection at all."""
    if person.tools is None or person.tools[0] is not person.page:
        person.tools = (person.page, person.context.new_cdp_session(person.page))
        person.tools[1].send("Network.enable")
    speeds = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
    person.tools[1].send("Network.emulateNetworkConditions", {"offline": offline, **speeds})


def row(person: Visitor, name: str) -> Locator:
    rows = person.page.get_by_role("list", name="Songs to upload").get_by_role("listitem")
    return rows.filter(has_text=name)


def press(person: Visitor, name: str) -> None:
    person.page.get_by_role("button", name=name, exact=True).click()


def in_the_middle(person: Visitor, name: str) -> None:
    """Wait until some of it has arrived."""
    expect(row(person, name)).to_contain_text(re.compile(r"[3-9]\d % of"), timeout=15_000)


def percent(person: Visitor, name: str) -> float:
    return float(row(person, name).locator("progress").evaluate("bar => bar.value"))


def test_an_upload_is_paused_and_goes_on_where_it_was(owner: Visitor, folder: Path) -> None:
    owner.go("/")
    network(owner, SLOW)
    owner.choose(song(folder, "Pause.wav", seconds=8.0))
    owner.separate()
    in_the_middle(owner, "Pause.wav")
    press(owner, "Pause Pause.wav")
    expect(row(owner, "Pause.wav")).to_contain_text("Paused at")
    paused_at = percent(owner, "Pause.wav")
    owner.page.wait_for_timeout(500)
    assert percent(owner, "Pause.wav") == paused_at > 0
    network(owner)
    with owner.page.expect_request(lambda request: request.method == "PATCH") as sent:
        press(owner, "Resume Pause.wav")
    assert int(sent.value.headers["upload-offset"]) > 0
    owner.page.wait_for_url("**/jobs/*/")


def test_a_song_that_is_chosen_before_the_script_is_there_is_sent(
    owner: Visitor, folder: Path
) -> None:
    held: list[Route] = []
    owner.page.route("**/upload*.js", lambda route: held.append(route))
    owner.page.goto(f"{owner.site}/", wait_until="commit")
    chosen = owner.page.get_by_label("Choose songs")
    chosen.set_input_files(song(folder, "Quick.wav", seconds=1.0))
    assert held, "no script was held back"
    for each in held:
        each.continue_()
    owner.page.unroute("**/upload*.js")
    expect(row(owner, "Quick.wav")).to_be_visible()
    expect(owner.page.get_by_role("button", name="Separate", exact=True)).to_be_enabled()


def test_a_lost_connection_comes_back_by_itself(owner: Visitor, folder: Path) -> None:
    owner.go("/")
    network(owner, SLOW)
    owner.choose(song(folder, "Tunnel.wav", seconds=8.0))
    owner.separate()
    in_the_middle(owner, "Tunnel.wav")
    network(owner, offline=True)
    expect(row(owner, "Tunnel.wav")).to_contain_text("There is no connection")
    network(owner)
    owner.page.wait_for_url("**/jobs/*/")


def test_a_closed_tab_is_gone_on_with_when_the_file_is_chosen_again(
    owner: Visitor, gate: Gate, folder: Path
) -> None:
    owner.go("/")
    gate.hold_at(600_000)
    path = song(folder, "Closed.wav", seconds=8.0)
    owner.choose(path)
    owner.separate()
    assert gate.holds.wait(15)
    new_tab(owner)
    gate.open()
    owner.go("/")
    unfinished = owner.page.get_by_role("region", name="Unfinished uploads")
    expect(unfinished).to_contain_text("Closed.wav")
    owner.choose(path)
    with owner.page.expect_request(lambda request: request.method == "PATCH") as sent:
        owner.separate()
    assert int(sent.value.headers["upload-offset"]) > 500_000
    owner.page.wait_for_url("**/jobs/*/")
    owner.go("/")
    expect(unfinished).to_be_hidden()


def test_another_file_of_that_name_and_length_begins_anew(
    owner: Visitor, gate: Gate, folder: Path
) -> None:
    owner.go("/")
    gate.hold_at(600_000)
    path = song(folder, "Other.wav", seconds=8.0)
    owner.choose(path)
    owner.separate()
    assert gate.holds.wait(15)
    new_tab(owner)
    gate.open()
    os.utime(path, (0, 0))
    owner.go("/")
    owner.choose(path)
    with owner.page.expect_request(lambda request: request.method == "PATCH") as sent:
        owner.separate()
    assert int(sent.value.headers["upload-offset"]) == 0
    owner.page.wait_for_url("**/jobs/*/")
    owner.go("/")
    press(owner, "Discard Other.wav")


def test_an_unfinished_upload_can_be_discarded(owner: Visitor, folder: Path) -> None:
    owner.go("/")
    network(owner, SLOW)
    owner.choose(song(folder, "Discard.wav", seconds=8.0))
    owner.separate()
    in_the_middle(owner, "Discard.wav")
    owner.go("/")
    owner.page.wait_for_timeout(500)
    press(owner, "Discard Discard.wav")
    expect(owner.page.get_by_role("region", name="Unfinished uploads")).to_be_hidden()


def test_a_cancelled_upload_leaves_nothing_and_can_be_sent_after_all(
    owner: Visitor, folder: Path
) -> None:
    owner.go("/")
    network(owner, SLOW)
    owner.choose(song(folder, "Cancel.wav", seconds=8.0))
    owner.separate()
    in_the_middle(owner, "Cancel.wav")
    press(owner, "Cancel Cancel.wav")
    expect(row(owner, "Cancel.wav")).to_contain_text("Cancelled. Nothing was kept.")
    network(owner)
    tab = owner.page.context.new_page()
    tab.goto(f"{owner.site}/")
    expect(tab.get_by_role("heading", name="Separate songs")).to_be_visible()
    expect(tab.get_by_role("region", name="Unfinished uploads")).to_be_hidden()
    tab.close()
    undo = owner.page.get_by_role("button", name="Undo Cancel.wav", exact=True)
    expect(undo).to_be_focused()
    undo.click()
    owner.page.wait_for_url("**/jobs/*/")


def test_a_song_that_is_cancelled_while_it_is_checked_is_not_separated(
    owner: Visitor, gate: Gate, folder: Path
) -> None:
    owner.go("/")
    gate.keep_answers_after(600_000)
    owner.choose(song(folder, "Checked.wav", seconds=8.0))
    owner.separate()
    expect(row(owner, "Checked.wav")).to_contain_text("Checking the file…")
    expect(owner.page.get_by_role("button", name="Pause Checked.wav", exact=True)).to_be_hidden()
    # The job is there by now, and the page has not heard of it.
    assert gate.holds.wait(15)
    press(owner, "Cancel Checked.wav")
    expect(row(owner, "Checked.wav")).to_contain_text("Cancelled. The song is here")
    gate.open()
    owner.page.get_by_role("link", name="Open the job of Checked.wav").click()
    expect(owner.page.get_by_text("You cancelled this job.")).to_be_visible()


def test_three_of_many_are_sent_at_once(owner: Visitor, folder: Path) -> None:
    owner.go("/")
    network(owner, SLOW)
    songs = [song(folder, f"Many {n}.wav", seconds=3.0) for n in range(5)]
    owner.choose(*songs)
    press(owner, "Separate 5 songs")
    sending = owner.page.locator(".queue__row--sending")
    expect(sending).to_have_count(3)
    expect(owner.page.locator(".queue__row--waiting")).to_have_count(2)
    network(owner)
    owner.page.wait_for_url("**/batches/*/")


def test_a_song_sent_before_is_offered_and_separated_again_when_asked(
    owner: Visitor, folder: Path
) -> None:
    first = song(folder, "Known.wav", seconds=1.0)
    second = folder / "Renamed.wav"
    second.write_bytes(first.read_bytes())
    owner.go("/")
    owner.choose(first)
    owner.separate()
    owner.page.wait_for_url("**/jobs/*/")
    address = owner.page.url
    owner.go("/")
    owner.choose(second)
    owner.separate()
    expect(row(owner, "Renamed.wav")).to_contain_text("here already, as “Known.wav”")
    opened = owner.page.get_by_role("link", name="Open the job of Renamed.wav")
    assert address.endswith(opened.get_attribute("href") or "nowhere")
    press(owner, "Separate Renamed.wav again")
    owner.page.wait_for_url(lambda url: "/jobs/" in url and url != address)


def test_the_row_of_a_song_is_worked_by_keyboard(owner: Visitor, folder: Path) -> None:
    owner.go("/")
    network(owner, SLOW)
    owner.choose(song(folder, "Keys.wav", seconds=8.0))
    owner.separate()
    in_the_middle(owner, "Keys.wav")
    owner.page.get_by_label("Choose a folder").focus()
    owner.page.keyboard.press("Tab")
    expect(owner.page.get_by_role("button", name="Pause Keys.wav")).to_be_focused()
    owner.page.keyboard.press("Enter")
    expect(owner.page.get_by_role("button", name="Resume Keys.wav")).to_be_focused()
    expect(owner.page.locator("[data-announce]")).to_contain_text("Keys.wav: Paused at")
    owner.page.keyboard.press("Tab")
    owner.page.keyboard.press("Enter")
    expect(owner.page.get_by_role("button", name="Undo Keys.wav")).to_be_focused()
    expect(owner.page.locator("[data-announce]")).to_contain_text("Keys.wav: Cancelled.")
    owner.page.keyboard.press("Tab")
    owner.page.keyboard.press("Enter")
    expect(row(owner, "Keys.wav")).to_have_count(0)
    expect(owner.page.get_by_label("Choose songs")).to_be_focused()


def test_the_browser_complains_of_nothing_but_the_lost_connection(owner: Visitor) -> None:
    # 423: an upload that was broken off is asked for before the server has noticed.
    lost = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_NETWORK_CHANGED", "423 (Locked)")
    assert [said for said in owner.complaints if not any(word in said for word in lost)] == []
