"""Stems are heard while the job still runs, and the music goes on when its files are written."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect

from tests.browser.mixer_page import MixerPage
from tests.browser.visitor import Visitor, until, visitor

pytestmark = pytest.mark.browser
Step = Callable[..., str]

COUNT_BREAKS = """(() => {
    mixer.breaks = 0;
    for (const name of ["state", "gap"]) mixer.engine.addEventListener(name, () => mixer.breaks++);
})()"""
GAIN_DB = "20 * Math.log10(mixer.engine.graph.strips[0].gain.gain.value)"


@pytest.fixture(scope="module")
def step(site: str, environment: dict[str, str]) -> Iterator[Step]:
    """What a worker would do next."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.browser.early"],
        cwd=settings.BASE_DIR,
        env={**environment, "DJANGO_SETTINGS_MODULE": "stemsite.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def run(*wanted: str) -> str:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(wanted) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield run


def waiting(browser: Browser, site: str, step: Step, name: str, state: str) -> tuple[Visitor, str]:
    """Somebody on the page of a job on its way; the page has a mark, which loading it anew would
    take away."""
    address = step("begin", name)
    if state == "playable":
        step("playable", address)
    person = visitor(browser, site)
    person.log_in(name)
    person.go(address)
    expect(person.page.get_by_role("heading", name="Early")).to_be_visible()
    person.page.evaluate("window.mark = true")
    return person, address


def listening(person: Visitor) -> MixerPage:
    player = MixerPage(person)
    expect(player.mixer).to_be_visible()
    player.press_play()
    player.call(COUNT_BREAKS)
    return player


def test_the_mixer_comes_by_itself_and_plays_on_over_the_end_of_the_job(
    browser: Browser, site: str, step: Step
) -> None:
    person, address = waiting(browser, site, step, "hasty-listener", "separated")
    page = person.page
    expect(page.get_by_role("region", name="Mixer")).to_be_hidden()
    step("playable", address)
    player = listening(person)
    expect(page.get_by_role("heading", name="Listen now")).to_be_visible()
    expect(page.get_by_text("The stems can be played now.")).to_be_attached()
    unwritten = page.get_by_role("button", name="Download Vocals: its file is not written yet")
    expect(unwritten).to_be_disabled()
    expect(page.get_by_role("button", name="Download the mix")).to_be_disabled()
    assert player.call(GAIN_DB) == pytest.approx(6.0, abs=0.1)
    player.press("Solo Bass")
    before = player.position()

    step("complete", address, "completed")
    expect(page.get_by_role("tab", name="Downloads")).to_be_visible()
    expect(page.get_by_role("heading", name="Listen now")).to_be_hidden()
    expect(page.get_by_role("link", name="Download Vocals as wav16")).to_be_visible()
    expect(page.get_by_role("button", name="Download the mix")).to_be_enabled()
    expect(page.get_by_role("progressbar")).to_be_hidden()
    assert page.evaluate("window.mark") is True, "the page was loaded anew"
    assert player.state() == "playing"
    assert player.position() > before
    assert player.call("mixer.desk.stems[1].solo")
    expect(page).to_have_title(re.compile("^Early "))

    player.press("Solo Bass")
    level = "20 * Math.log10(mixer.engine.graph.strips[0].gain.gain.value)"
    until(page, lambda: abs(player.call(level) - 3) < 0.1)
    assert player.call("mixer.breaks") == 0
    players = page.locator("audio")
    expect(players.first).to_be_attached()
    played = players.first.evaluate("(audio) => audio.play().then(() => audio.currentSrc)")
    assert played.endswith("/listen/")
    with page.expect_download() as mix:
        page.get_by_role("button", name="Download the mix").click()
    assert mix.value.suggested_filename == "Early - mix.wav"
    assert person.complaints == []
    person.context.close()


def test_who_comes_later_finds_the_mixer_and_a_cancel_leaves_the_music_on(
    browser: Browser, site: str, step: Step
) -> None:
    person, address = waiting(browser, site, step, "patient-listener", "playable")
    player = listening(person)
    player.press("Mute Drums")
    step("complete", address, "cancelled")
    expect(person.page.get_by_text("There are no files of them")).to_be_visible()
    expect(person.page.get_by_role("button", name="Retry")).to_be_visible()
    expect(person.page.get_by_role("button", name="Download Vocals")).to_be_hidden()
    assert person.page.evaluate("window.mark") is True
    assert player.state() == "playing"
    person.page.reload()
    expect(player.mixer).to_be_visible()
    mute = person.page.get_by_role("button", name="Mute Drums")
    expect(mute).to_have_attribute("aria-pressed", "true")
    assert person.complaints == []
    person.context.close()


def test_the_song_that_was_sent_plays_meanwhile_and_the_result_waits_for_its_end(
    browser: Browser, site: str, step: Step
) -> None:
    person, address = waiting(browser, site, step, "curious-listener", "separated")
    page = person.page
    song = page.get_by_label("The song as you sent it").locator("audio")
    song.evaluate("(audio) => { audio.loop = true; return audio.play(); }")
    until(page, lambda: song.evaluate("(audio) => audio.currentTime > 0"))
    step("complete", address, "completed")
    expect(page.get_by_role("link", name="Show it")).to_be_visible()
    assert page.evaluate("window.mark") is True and not song.evaluate("(audio) => audio.paused")
    song.evaluate("(audio) => audio.pause()")
    expect(page.get_by_role("progressbar")).to_be_hidden()
    assert person.complaints == []
    person.context.close()
