import numpy as np
import pytest
import soxr

from separation.audio.resample import Resampler, frames_at
from tests.separation.audio.sounds import tones


def _resample(sound: np.ndarray, source_hz: int, target_hz: int, block: int) -> np.ndarray:
    resampler = Resampler(source_hz, target_hz, sound.shape[0])
    parts = [
        resampler.write(sound[:, start : start + block])
        for start in range(0, sound.shape[1], block)
    ]
    return np.concatenate([*parts, resampler.finish()], axis=1)


@pytest.mark.parametrize("frames", [1, 2, 147, 1000, 44_101])
@pytest.mark.parametrize(
    ("source_hz", "target_hz"),
    [(44_100, 48_000), (8_000, 44_100), (96_000, 44_100), (655_350, 44_100), (44_100, 44_100)],
)
def test_the_length_is_exact(source_hz: int, target_hz: int, frames: int) -> None:
    out = _resample(tones(frames, source_hz), source_hz, target_hz, 4096)

    assert out.shape == (2, frames_at(target_hz, frames, source_hz))


def test_blocks_give_the_same_as_one_call_and_are_not_shifted() -> None:
    sound = tones(50_000)

    out = _resample(sound, 44_100, 48_000, 3001)

    whole = soxr.resample(sound.T, 44_100, 48_000, quality="VHQ").T
    shared = min(out.shape[1], whole.shape[1])
    assert np.allclose(out[:, :shared], whole[:, :shared], atol=1e-6)


def test_frames_round_up() -> None:
    assert frames_at(44_100, 1, 96_000) == 1
    assert frames_at(48_000, 44_100 * 36_000, 44_100) == 48_000 * 36_000
