"""The player's clock: all stems together and in the right place, whatever is done to the player.

Every stem holds the same irregular clicks besides its own tone; what each strip lets out is
recorded by one clock and compared by cross-correlation. Figures: ``--log-cli-level=INFO``.
"""

import logging
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import expect

from tests.browser.ears import Recording, lag_samples, pitch_hz, record, spread_ms
from tests.browser.mixable import RATE_HZ, TONES_HZ, clicks
from tests.browser.mixer_page import MixerPage

pytestmark = pytest.mark.browser

_log = logging.getLogger(__name__)

TEMPO_OFF = 0.002
MOST_DRIFT_MS = 20.0
SEEKS = 8


@pytest.fixture
def player(playing: Callable[[], MixerPage]) -> MixerPage:
    return playing()


def off_by_ms(player: MixerPage, seconds: float = 0.8) -> tuple[float, float]:
    """Greatest drift between stems, and how far the song is from where the player says it is."""
    heard = record(player.page, seconds)
    at = round(heard.start_s * RATE_HZ)
    around = RATE_HZ // 2
    train = np.pad(clicks(), around)[at : at + heard.stems.shape[2] + 2 * around]
    misplaced = around - lag_samples(train, heard.stems[0, 0])
    return spread_ms(heard), 1000 * abs(misplaced) / RATE_HZ


def test_stems_start_together_and_where_the_player_says(player: MixerPage) -> None:
    drift, misplaced = off_by_ms(player, 2.0)
    _log.info(f"after start: drift {drift:.3f} ms, place {misplaced:.3f} ms")
    assert drift <= MOST_DRIFT_MS
    assert misplaced <= MOST_DRIFT_MS


def test_stems_stay_together_after_many_seeks(player: MixerPage) -> None:
    random = np.random.default_rng(11)
    worst = []
    for _ in range(SEEKS):
        player.seek(float(random.uniform(0, 55)))
        worst.append(off_by_ms(player))
    drift, misplaced = np.max(worst, axis=0)
    _log.info(f"after {SEEKS} seeks: drift {drift:.3f} ms, place {misplaced:.3f} ms")
    assert drift <= MOST_DRIFT_MS
    assert misplaced <= MOST_DRIFT_MS


def test_a_loop_comes_round_to_the_sample_and_keeps_stems_together(player: MixerPage) -> None:
    player.seek(20.0)
    player.call("mixer.region.set(20, 21.3)")
    player.page.wait_for_timeout(3000)
    heard = record(player.page, 4.5)
    drift = spread_ms(heard)
    period = round(1.3 * RATE_HZ)
    sound = heard.stems[0, 0]
    turn = lag_samples(sound[period : 3 * period], sound[: 2 * period])
    _log.info(f"after loops: drift {drift:.3f} ms, turns off by {turn} samples")
    assert drift <= MOST_DRIFT_MS
    assert turn == 0
    assert 20.0 <= heard.start_s <= 21.3
    assert 20.0 <= heard.end_s <= 21.3


@pytest.mark.parametrize("speed", [0.5, 1.5])
def test_another_speed_changes_the_tempo_and_not_the_pitch(player: MixerPage, speed: float) -> None:
    player.slide("Speed", speed)
    player.seek(5.0)
    player.page.wait_for_timeout(500)
    heard = record(player.page, 3.0)
    drift = spread_ms(heard)
    tones = [pitch_hz(stem[0]) for stem in heard.stems]
    off = max(abs(1200 * np.log2(tone / hz)) for tone, hz in zip(tones, TONES_HZ, strict=True))
    tempo = _tempo(heard)
    _log.info(f"speed {speed}: drift {drift:.3f} ms, tempo {tempo:.4f}, pitch off {off:.1f} cents")
    _log.info(f"clicks off by {strayed_ms(heard, speed):.1f} ms")
    assert drift <= MOST_DRIFT_MS
    assert tempo == pytest.approx(speed, abs=TEMPO_OFF)
    # A quarter of a semitone; a tape at half the speed is 1200 cents off.
    assert off < 25
    assert strayed_ms(heard, speed) <= may_stray_ms(speed)


def _tempo(heard: Recording) -> float:
    """Seconds of the song in a second of sound."""
    return (heard.end_s - heard.start_s) / ((heard.stems.shape[2] - 128) / RATE_HZ)


def may_stray_ms(speed: float) -> float:
    """WSOLA (static/js/mixer/stretch.js) takes each hop of 1280 samples from up to 640 beside its
    place, and runs through it at the speed of the song; all stems alike."""
    return 1000 * (640 + 1280 * abs(1 - speed)) / speed / RATE_HZ


def strayed_ms(heard: Recording, speed: float) -> float:
    """How far the clicks lie from where the tempo should have put them: median, in time heard."""
    song_s = onsets(clicks()) / RATE_HZ
    at_s = heard.start_s + speed * onsets(heard.stems[0, 0]) / RATE_HZ
    nearest = np.abs(at_s[:, None] - song_s[None, :]).min(axis=1)
    return float(1000 * np.median(nearest) / speed)


def onsets(sound: NDArray[np.float32]) -> NDArray[np.int64]:
    loud = np.abs(sound) > 0.25
    starts = np.flatnonzero(loud[1:] & ~loud[:-1])
    return starts[np.diff(starts, prepend=-RATE_HZ) > 0.02 * RATE_HZ]


def test_the_end_of_the_song_stops_the_player(player: MixerPage) -> None:
    player.seek(59.0)
    expect(player.mixer).to_have_attribute("data-state", "paused", timeout=10_000)
    assert player.position() == pytest.approx(60.0, abs=0.001)
