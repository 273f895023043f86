"""The stage that splits the song into a harmonic and a percussive part."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest

from separation.errors import Cancelled, InvalidOptions
from separation.protocol.jobspec import StageRequest
from separation.stages.harmonic_percussive import HarmonicPercussiveParams, HarmonicPercussiveStage
from separation.stages.registry import build_stage
from tests.separation.stages.stage_world import make_context, run, samples_of, sound

SONG = sound(1)


def stage(**params: Any) -> HarmonicPercussiveStage:
    return HarmonicPercussiveStage(HarmonicPercussiveParams(**params))


def relative(difference: np.ndarray, reference: np.ndarray) -> float:
    return float(np.linalg.norm(difference) / np.linalg.norm(reference))


def test_both_parts_are_librosas_and_sum_to_the_song(tmp_path: Path) -> None:
    result, context = run(stage(), make_context(tmp_path, SONG))
    assert [(t.name, t.folder) for t in result.tracks] == [
        ("harmonic", "harmonic_percussive"),
        ("percussive", "harmonic_percussive"),
    ]
    harmonic, percussive = samples_of(context, "harmonic"), samples_of(context, "percussive")
    wanted_harmonic, wanted_percussive = librosa.effects.hpss(SONG)
    # 1e-4 is the contract; float32 spectra leave about 1e-7.
    assert relative(harmonic - wanted_harmonic, wanted_harmonic) < 1e-5
    assert relative(percussive - wanted_percussive, wanted_percussive) < 1e-5
    assert relative(percussive - wanted_percussive, SONG) < 1e-6
    # One rounding to float32 of values below 1.
    assert np.max(np.abs(harmonic + percussive - SONG)) < 2e-7


def test_only_the_harmonic_part_is_written(tmp_path: Path) -> None:
    run(stage(), make_context(tmp_path, SONG))
    assert [p.name for p in (tmp_path / "work/harmonic_percussive").iterdir()] == ["harmonic.wav"]


def test_a_margin_gives_the_percussive_part_a_file_of_its_own(tmp_path: Path) -> None:
    _, context = run(stage(margin=(2.0, 2.0)), make_context(tmp_path, SONG))
    wanted = librosa.effects.hpss(SONG, margin=2.0)
    for name, part in zip(("harmonic", "percussive"), wanted, strict=True):
        assert relative(samples_of(context, name) - part, part) < 1e-5


def test_a_song_of_one_sample_passes(tmp_path: Path) -> None:
    _, context = run(stage(), make_context(tmp_path, np.full((2, 1), 0.5, dtype=np.float32)))
    total = samples_of(context, "harmonic") + samples_of(context, "percussive")
    assert total == pytest.approx(0.5)


@pytest.mark.parametrize(
    "params",
    [
        {"kernel": (30, 31)},
        {"kernel": (31, 0)},
        {"kernel": (31, 513)},
        {"power": 0},
        {"power": float("inf")},
        {"margin": (0.5, 1.0)},
        {"kernal": (31, 31)},
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptions, match=next(iter(params))):
        build_stage(StageRequest(name="harmonic_percussive", params=params))


def test_a_cancel_passes_through(tmp_path: Path) -> None:
    def cancel(fraction: float, message: str = "") -> None:
        raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        run(stage(), replace(make_context(tmp_path, SONG), report=cancel))
