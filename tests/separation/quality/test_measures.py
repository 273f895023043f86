"""Each number of the report against what it should be by definition."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.audio.tracks import Term, Track
from separation.quality.bleed import EnvelopeMeter
from separation.quality.clipping import FlatTopMeter
from separation.quality.measurement import survey
from separation.quality.spectrum import BAND_EDGES_HZ, COLUMNS, FRAME, SpectrumMeter
from separation.quality.timing import TimingMeter
from tests.separation.quality.music import RATE_HZ, clipped, delayed
from tests.separation.stages.stage_world import write

RANDOM = np.random.default_rng(11)
NOISE = (0.1 * RANDOM.normal(0, 1, (2, 3 * BLOCK_FRAMES + 5000))).astype(np.float32)


def tone(hertz: float, seconds: float = 2.0, level: float = 0.5) -> FloatArray:
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.stack([level * np.sin(2 * np.pi * hertz * time)] * 2).astype(np.float32)


def measured(samples: FloatArray) -> SpectrumMeter:
    meter = SpectrumMeter(samples.shape[1])
    for start in range(0, samples.shape[1], BLOCK_FRAMES):
        meter.write(samples[:, start : start + BLOCK_FRAMES])
    return meter


def test_entropy_and_flatness_are_those_of_the_definition() -> None:
    whole = NOISE[:, : NOISE.shape[1] // FRAME * FRAME]
    spectra = np.fft.rfft(whole.reshape(2, -1, FRAME) * np.hanning(FRAME + 1)[:-1])
    powers = np.square(np.abs(spectra)).sum(axis=0)[:, 1:-1]
    shares = powers / powers.sum(axis=1, keepdims=True)
    entropy = -(shares * np.log(shares)).sum(axis=1) / np.log(shares.shape[1])
    flatness = np.exp(np.log(powers).mean(axis=1)) / powers.mean(axis=1)
    meter = measured(whole)
    assert meter.entropy == pytest.approx(entropy.mean(), rel=1e-4)
    assert meter.flatness == pytest.approx(flatness.mean(), rel=1e-4)


def test_a_tone_has_little_entropy_and_no_flatness() -> None:
    meter = measured(tone(440))
    assert meter.entropy is not None and meter.entropy < 0.15
    assert meter.flatness is not None and meter.flatness < 1e-4


def test_what_is_on_one_side_only_and_what_cancels_in_mono_count_alike() -> None:
    left = NOISE.copy()
    left[1] = 0
    opposite = NOISE.copy()
    opposite[1] = -opposite[0]
    half, whole = measured(left), measured(opposite)
    assert whole.bands_db()[20] - half.bands_db()[20] == pytest.approx(3, abs=1)


def test_levels_are_those_of_the_samples() -> None:
    loud = tone(1000, level=0.5)
    samples = np.concatenate([loud, 0.1 * loud, np.zeros_like(loud)], axis=1)
    levels = measured(samples).levels_db()
    assert len(levels) == COLUMNS
    assert (levels[20], levels[60], levels[-5]) == (-9, -29, -90)
    assert measured(samples).silence_share == pytest.approx(1 / 3, abs=0.01)


def test_a_tone_is_in_its_band() -> None:
    band = next(n for n, edge in enumerate(BAND_EDGES_HZ) if edge > 1000) - 1
    levels = measured(tone(1000)).bands_db()
    assert max(range(24), key=lambda n: levels[n]) == band
    assert levels[band] == -9


@pytest.mark.parametrize("level", [1.0, 0.3])
def test_every_sample_of_a_flat_top_is_counted_and_no_other(level: float) -> None:
    samples = clipped(tone(100), 0.8) * np.float32(level)
    top = np.abs(samples).max()
    meter = FlatTopMeter()
    for start in range(0, samples.shape[1], 10_000):
        meter.write(samples[:, start : start + 10_000])
    # A top that ends at the edge of a block may lose two samples.
    assert meter.count == pytest.approx(np.count_nonzero(np.abs(samples) >= top), rel=1e-3)
    assert meter.share == pytest.approx(meter.count / samples.size)


@pytest.mark.parametrize("samples", [tone(40, level=0.99), NOISE, 0 * NOISE], ids=str)
def test_what_was_not_cut_off_has_no_flat_tops(samples: FloatArray) -> None:
    meter = FlatTopMeter()
    meter.write(samples)
    assert meter.count == 0


@pytest.mark.parametrize("frames", [-22_050, -1000, 0, 24, 882, 22_050])
def test_a_delay_is_told_to_a_fifth_of_a_millisecond(frames: int) -> None:
    stem = delayed(NOISE, frames)
    meter = TimingMeter(1)
    for start in range(0, NOISE.shape[1], BLOCK_FRAMES):
        part = slice(start, start + BLOCK_FRAMES)
        meter.write([stem[:, part]], NOISE[:, part] - stem[:, part])
    timing = meter.timing(0)
    assert timing.delay_ms == pytest.approx(1000 * frames / RATE_HZ, abs=0.1)
    # Noise is the worst case: half of it lies too high for the grid.
    assert timing.fit_at_delay > 0.7 > timing.fit_undelayed or frames in (0, 24)


def test_envelopes_that_rise_together_are_correlated_whatever_their_waveforms() -> None:
    swell = np.abs(np.sin(np.arange(200) / 9))[:, None] ** 2
    meter = EnvelopeMeter(3, 2)
    other = np.abs(np.cos(np.arange(200) / 9))[:, None] ** 2
    powers = [np.repeat(each, 2, axis=1).astype(np.float32) for each in (swell, 3 * swell, other)]
    for half in (slice(0, 100), slice(100, 200)):
        meter.write([power[half] for power in powers])
    together = meter.correlations()
    assert together[0, 1] == pytest.approx(1.0, abs=1e-5)
    assert together[0, 2] < -0.5


def track(tmp_path: Path, name: str, samples: FloatArray) -> Track:
    write(tmp_path / f"{name}.wav", samples)
    return Track(name=name, folder="", file_stem=name, stage="", terms=(Term(path=f"{name}.wav"),))


def peak_memory(tmp_path: Path, repeats: int) -> int:
    long = np.tile(NOISE, repeats)
    song, stem = track(tmp_path, "song", long), track(tmp_path, "stem", long)
    del long
    tracemalloc.start()
    survey(song, [stem], tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_song(tmp_path: Path) -> None:
    assert peak_memory(tmp_path, 10) < 1.05 * peak_memory(tmp_path, 1) + 100_000
