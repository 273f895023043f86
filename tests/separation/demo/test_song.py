"""The demonstration song: what is known of it is true."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separation.audio.blocks import FloatArray
from separation.demo.song import FRAMES, stems


@pytest.fixture(scope="module")
def made() -> dict[str, FloatArray]:
    return stems()


def test_it_has_the_stems_of_a_usual_model_and_each_can_be_heard(
    made: dict[str, FloatArray],
) -> None:
    assert list(made) == ["drums", "bass", "other", "vocals"]
    for stem in made.values():
        assert stem.shape == (2, FRAMES)
        assert -30 < 10 * np.log10(np.mean(stem**2)) < -15


def test_it_is_the_same_song_every_time(made: dict[str, FloatArray]) -> None:
    again = stems()
    assert all(np.array_equal(stem, again[name]) for name, stem in made.items())


def test_the_program_writes_the_sum_of_the_stems(
    made: dict[str, FloatArray], tmp_path: Path
) -> None:
    file = tmp_path / "song.flac"
    subprocess.run([sys.executable, "-m", "separation.demo", str(file)], check=True)
    sound, rate_hz = soundfile.read(file, always_2d=True, dtype="float32")
    assert rate_hz == 44_100
    # 24 bits: half a step is 2 ** -24.
    assert np.abs(sound.T - np.sum(list(made.values()), axis=0)).max() < 2**-23
    assert np.abs(sound).max() == pytest.approx(0.8, abs=1e-3)
