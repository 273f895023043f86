import numpy as np
import pytest

from separation.audio.metering.measure import SongMeasure
from tests.separation.audio.sounds import tones


def test_blocks_merge_to_the_figures_of_the_whole() -> None:
    sound = tones(10_000) * np.linspace(0, 1, 10_000, dtype=np.float32) + np.float32(0.05)
    measure = SongMeasure()
    for start in range(0, 10_000, 777):
        measure.write(sound[:, start : start + 777])

    mono = sound.astype(np.float64).mean(axis=0)
    assert measure.frames == 10_000
    assert measure.peak == np.abs(sound).max()
    assert measure.mean == pytest.approx(mono.mean(), rel=1e-12)
    assert measure.std == pytest.approx(mono.std(ddof=1), rel=1e-12)


def test_a_large_offset_does_not_drown_a_small_deviation() -> None:
    """The naive sum of squares loses this one."""
    rng = np.random.default_rng(1)
    sound = (1000.0 + 0.001 * rng.standard_normal((1, 100_000))).astype(np.float32)
    measure = SongMeasure()
    for start in range(0, 100_000, 1000):
        measure.write(sound[:, start : start + 1000])

    assert measure.std == pytest.approx(sound.astype(np.float64).std(ddof=1), rel=1e-9)


def test_nothing_and_a_single_frame_have_no_deviation() -> None:
    measure = SongMeasure()
    measure.write(np.zeros((2, 0), np.float32))
    assert (measure.frames, measure.std) == (0, 0.0)

    measure.write(np.full((2, 1), -0.25, np.float32))
    assert (measure.frames, measure.peak, measure.mean, measure.std) == (1, 0.25, -0.25, 0.0)
