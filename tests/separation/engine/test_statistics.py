from pathlib import Path

import numpy as np
import pytest
import torch

from separation.audio.blocks import BlockReader
from separation.engine.statistics import measure_mono
from tests.separation.small_models import noise, save_song


@pytest.mark.parametrize("frames", [2, 65_536, 65_537, 200_000])
def test_mean_and_deviation_are_those_of_torch(tmp_path: Path, frames: int) -> None:
    samples = noise(frames) + np.float32(0.25)
    with BlockReader(save_song(tmp_path / "song.wav", samples)) as song:
        measured = measure_mono(song)
    mono = torch.from_numpy(samples).double().mean(0)
    # Both in float64; only the order of additions differs.
    assert measured.mean == pytest.approx(mono.mean().item(), rel=1e-12)
    assert measured.std == pytest.approx(mono.std().item(), rel=1e-10)


def test_a_large_offset_does_not_hide_a_small_signal(tmp_path: Path) -> None:
    # A sum of squares loses these digits; the merged update keeps them.
    samples = np.float32(1.0) + noise(150_000) * np.float32(1e-4)
    with BlockReader(save_song(tmp_path / "song.wav", samples)) as song:
        measured = measure_mono(song)
    assert measured.std == pytest.approx(samples.mean(0, dtype=np.float64).std(ddof=1), rel=1e-9)


@pytest.mark.parametrize("frames", [0, 1])
def test_a_song_too_short_for_a_deviation_has_none(tmp_path: Path, frames: int) -> None:
    with BlockReader(save_song(tmp_path / "song.wav", noise(frames))) as song:
        measured = measure_mono(song)
    assert measured.std == 0.0
    assert measured.scale == 1e-8
