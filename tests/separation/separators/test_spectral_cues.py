"""The cues of the spectral separator keep to their range, whatever the sound."""

import numpy as np
import pytest

from separation.audio.blocks import FloatArray
from separation.separators.spectral.cues import all_cues
from separation.separators.spectral.transform import HOP, spectrogram

FRAMES = 90_000


def cues_of(samples: FloatArray) -> dict[str, FloatArray]:
    return all_cues(samples, spectrogram(samples), lambda: None)


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("beyond", [2, 3, 5])
def test_cues_keep_to_their_range_where_loud_sound_ends_in_silence(
    beyond: int, constant: bool
) -> None:
    """The last window holds a few samples of the sound, at its very end: its power is so much
    smaller than that of the one before that a running sum cannot hold both."""
    end = 40 * HOP + beyond
    sound = np.full((2, end), 4.0) if constant else np.random.default_rng(0).normal(size=(2, end))
    sound[1] *= -0.7
    samples = np.zeros((2, FRAMES), np.float32)
    samples[:, :end] = sound
    for name, cue in cues_of(samples).items():
        assert np.isfinite(cue).all(), name
        assert np.abs(cue).max() <= 1.0 + 1e-5, name
