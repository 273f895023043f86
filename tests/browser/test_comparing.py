"""Two results of one song in one player: first the one is heard, then the other, at the same place.

What the player lets out is recorded across the switch. Both sides hold the same clicks, which tell
the place; the tone that is heard tells side and stem. Figures: ``--log-cli-level=INFO``.
"""

import logging
import re
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from django.conf import settings
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.comparable import SECONDS, TONES_HZ
from tests.browser.ears import Recording, lag_samples, pitch_hz, put_ears_on, record
from tests.browser.mixable import RATE_HZ, clicks
from tests.browser.mixer_page import MixerPage
from tests.browser.test_steering import tab_to
from tests.browser.visitor import Visitor, visitor

pytestmark = pytest.mark.browser

_log = logging.getLogger(__name__)

OWNER = "comparer"
MOST_DRIFT_MS = 20.0
SIDE_B = re.compile(r"^B\b")
"""The name of its button goes on with preset and model."""
A, B = TONES_HZ
STRIPS = [*(f"A {name}" for name in A), *(f"B {name}" for name in B)]
SILENT = 1e-4
BEFORE_S, AFTER_S = 0.7, 1.5

PRESS_LATER = """([key, seconds]) => setTimeout(() => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}, 1000 * seconds)"""


@pytest.fixture(scope="module")
def jobs(site: str, environment: dict[str, str]) -> list[str]:
    """Ids of A and B."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.browser.comparable", OWNER],
        cwd=settings.BASE_DIR,
        env={**environment, "DJANGO_SETTINGS_MODULE": "stemsite.settings"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return made.stdout.split()


@pytest.fixture(scope="module")
def playing(browser: Browser, site: str, jobs: list[str]) -> Iterator[MixerPage]:
    """The comparison, opened from the page of A, with sound and with ears on it."""
    person = visitor(browser, site, ears=True)
    person.log_in(OWNER)
    person.go(f"/jobs/{jobs[0]}/#compare")
    person.page.get_by_role("link", name="Compare with the result of").click()
    player = MixerPage(person)
    player.press_play()
    put_ears_on(player.page)
    # So that it never comes to its end.
    player.call(f"mixer.region.set(0, {SECONDS})")
    yield player
    person.context.close()


@pytest.fixture
def player(playing: MixerPage) -> MixerPage:
    """At the start of the song, with the whole mix of A."""
    playing.page.keyboard.press("a")
    playing.page.keyboard.press("0")
    playing.call("mixer.desk.match(false)")
    if playing.state() == "paused":
        playing.page.keyboard.press("Space")
    playing.seek(0.5)
    return playing


def audible(player: MixerPage) -> list[str]:
    """What is let out, after the short slope with which every control moves."""
    player.page.wait_for_timeout(250)
    levels = record(player.page, 0.3).levels()
    return [name for name, level in zip(STRIPS, levels, strict=True) if level.max() > SILENT]


def told(page: Page) -> Locator:
    """What the page says is heard."""
    return page.locator("[data-told]")


def switched(player: MixerPage) -> Recording:
    """Recorded while the key for B is pressed; again where the recorder had to begin anew, or a
    busy machine pressed too late."""
    for _ in range(5):
        player.page.keyboard.press("a")
        player.seek(1.0)
        player.page.evaluate(PRESS_LATER, ["b", BEFORE_S])
        heard = record(player.page, BEFORE_S + AFTER_S)
        sound = heard.master[0]
        ours, theirs = (level_of(side["vocals"], sound) for side in (A, B))
        if (ours > theirs)[:30].all() and (theirs > ours)[-30:].all():
            break
    return heard


def level_of(hz: float, sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Amplitude of a tone in each 20 ms, half of them shared with the next."""
    size = RATE_HZ // 50
    window = np.hanning(size) * np.exp(-2j * np.pi * hz * np.arange(size) / RATE_HZ)
    starts = range(0, len(sound) - size, size // 2)
    return np.array([2 * abs(np.dot(sound[n : n + size], window)) for n in starts]) / (size / 2)


def misplaced_ms(heard: Recording, first: int, last: int) -> float:
    """How far a stretch of the recording is from where the song was said to be as it began."""
    at = round(heard.start_s * RATE_HZ) + first
    around = RATE_HZ // 4
    train = np.pad(clicks()[: SECONDS * RATE_HZ], around)[at : at + last - first + 2 * around]
    return 1000 * (around - lag_samples(train, heard.master[0, first:last])) / RATE_HZ


def test_the_switch_goes_on_at_the_same_place_without_a_gap(player: MixerPage) -> None:
    player.page.keyboard.press("2")
    heard = switched(player)
    sound = heard.master[0]
    ours, theirs = (level_of(side["vocals"], sound) for side in (A, B))
    step = RATE_HZ // 100
    # Where A is louder up to there, and B from there on.
    turn = int(np.argmax(np.cumsum(ours - theirs)))
    before, after = (0, (turn - 4) * step), ((turn + 5) * step, len(sound))
    places = [misplaced_ms(heard, *part) for part in (before, after)]
    full = np.median(theirs[turn + 5 :])
    least = float((ours + theirs)[turn - 4 : turn + 5].min() / full)
    _log.info(
        "after %.2f s: A %.3f ms, B %.3f ms off; %.2f left at the least", turn / 100, *places, least
    )
    assert 0.3 < turn / 100 < BEFORE_S + AFTER_S - 0.3
    assert pitch_hz(sound[slice(*before)]) == pytest.approx(A["vocals"], abs=1.5)
    assert pitch_hz(sound[slice(*after)]) == pytest.approx(B["vocals"], abs=1.5)
    assert max(map(abs, places)) <= MOST_DRIFT_MS
    assert abs(places[0] - places[1]) <= MOST_DRIFT_MS
    assert least > 0.5
    assert np.median(ours[turn + 5 :]) < 0.1 * full


def test_digits_choose_a_stem_and_shift_everything_else_of_the_side_heard(
    player: MixerPage,
) -> None:
    keys = player.page.keyboard
    assert audible(player) == STRIPS[:3]
    keys.press("Shift+2")
    assert audible(player) == ["A drums", "A guitar"]
    keys.press("x")
    assert audible(player) == ["B drums"]
    keys.press("e")
    assert audible(player) == ["B vocals"]
    keys.press("0")
    assert audible(player) == STRIPS[3:]


def test_of_a_stem_that_a_side_lacks_nothing_is_heard_and_the_page_says_so(
    player: MixerPage,
) -> None:
    player.page.keyboard.press("3")
    assert audible(player) == ["A guitar"]
    player.page.get_by_role("button", name=SIDE_B).click()
    assert audible(player) == []
    expect(told(player.page)).to_have_text("B has no stem Guitar: nothing to hear")
    player.page.keyboard.press("e")
    assert audible(player) == []


def test_the_louder_side_is_lowered_where_that_is_asked_for(player: MixerPage) -> None:
    player.page.keyboard.press("2")
    player.page.keyboard.press("b")
    before = _vocals_of_b(player)
    player.page.get_by_role("checkbox", name="Match loudness").check()
    expect(player.page.get_by_text("B lowered by 6.0 dB")).to_be_visible()
    change_db = 20 * np.log10(_vocals_of_b(player) / before)
    _log.info("matched by %.2f dB", change_db)
    assert change_db == pytest.approx(-6.0, abs=0.5)
    assert player.person.complaints == []


def _vocals_of_b(player: MixerPage) -> float:
    """Level of its tone: how many clicks there are differs from place to place."""
    player.page.wait_for_timeout(250)
    return float(np.median(level_of(B["vocals"], record(player.page, 0.5).stems[4, 0])))


@pytest.fixture
def person(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    somebody = visitor(browser, site, width=360, scripts=request.param)
    somebody.log_in(OWNER)
    yield somebody
    somebody.context.close()


@pytest.mark.parametrize("person", [True], indirect=True)
def test_the_keyboard_alone_compares_on_a_phone(person: Visitor, jobs: list[str]) -> None:
    page = person.page
    person.go(f"/jobs/{jobs[0]}/compare/{jobs[1]}/")
    expect(told(page)).to_have_text("A: whole mix")
    tab_to(page, page.get_by_role("button", name=SIDE_B))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Vocals"))
    page.keyboard.press("Space")
    expect(told(page)).to_have_text("B: Vocals")
    expect(page.get_by_role("button", name="Vocals")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert person.complaints == []


@pytest.mark.parametrize("person", [False], indirect=True)
def test_without_scripts_both_sides_play_by_themselves(person: Visitor, jobs: list[str]) -> None:
    page = person.page
    person.go(f"/jobs/{jobs[0]}/compare/{jobs[1]}/")
    expect(page.get_by_label("Play Vocals of A")).to_be_visible()
    expect(page.get_by_label("Play Vocals of B")).to_be_visible()
    expect(page.get_by_text("Without JavaScript")).to_be_visible()
    expect(page.get_by_role("region", name="Mixer")).to_be_hidden()
