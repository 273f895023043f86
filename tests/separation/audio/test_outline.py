"""The outline of a song: its loudness in columns."""

from pathlib import Path

import numpy as np
import pytest

from separation.audio.blocks import FloatWriter
from separation.audio.metering.outline import COLUMNS, FULL, outline_of


def written(path: Path, samples: np.ndarray) -> Path:
    with FloatWriter(path) as writer:
        writer.write(samples.astype(np.float32))
    return path


def test_the_loudest_column_is_full_and_others_are_measured_by_it(tmp_path: Path) -> None:
    half = 60 * 441
    loud, soft = np.full((2, half), 0.5), np.full((2, half), -0.125)
    levels = outline_of(written(tmp_path / "song.wav", np.concatenate([soft, loud], axis=1)))
    assert levels == [FULL // 4] * 60 + [FULL] * 60


@pytest.mark.parametrize("frames", [1, 7, 119, 121])
def test_a_song_shorter_than_its_columns_has_all_of_them(tmp_path: Path, frames: int) -> None:
    levels = outline_of(written(tmp_path / "song.wav", np.ones((2, frames))))
    assert levels == [FULL] * COLUMNS


def test_silence_is_all_zeros(tmp_path: Path) -> None:
    assert outline_of(written(tmp_path / "song.wav", np.zeros((2, 500)))) == [0] * COLUMNS


def test_of_a_long_song_only_a_second_of_each_column_is_read(tmp_path: Path) -> None:
    samples = np.zeros((2, COLUMNS * 44_110))
    samples[:, 44_109::44_110] = 1.0  # In what is left out.
    samples[:, :44_110] = 0.5
    assert outline_of(written(tmp_path / "song.wav", samples)) == [FULL] + [0] * (COLUMNS - 1)
