"""No song makes a job fail for its content: every stage, on songs that nobody sends on purpose."""

from pathlib import Path

import numpy as np
import pytest

from separation.audio.blocks import FloatArray
from separation.formats import OutputFormat
from separation.options import LevelMeasure
from separation.pipeline.manifest import Manifest, verify_manifest
from separation.pipeline.run import run_pipeline
from separation.request.separation_request import SeparationRequest
from separation.request.splits import DenoiseRequest, SplitRequest
from separation.runner.__main__ import SeparatorCache
from separation.settings import CoreSettings
from separation.stage_table import STAGES
from tests.separation.fakes import make_spec
from tests.separation.small_models import save_song

SHORT = 26_460
"""0.6 s: a loudness can be measured, and not much else."""

AS_INTEGERS = 2.0**31
"""Samples of 32 bits that a program has written as floats without dividing them."""


def _noise(seed: int, frames: int = SHORT) -> FloatArray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((2, frames)).astype(np.float32)


def _click(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    samples = np.zeros((2, SHORT), np.float32)
    samples[:, rng.integers(SHORT)] = 1.0, rng.choice([-1.0, 1.0])
    return samples


def _abrupt(seed: int) -> FloatArray:
    samples = _noise(seed)
    samples[:, np.random.default_rng(seed).integers(100, SHORT) :] = 0
    return samples


SONGS: dict[str, tuple[FloatArray, OutputFormat, LevelMeasure]] = {
    "silence": (np.zeros((2, SHORT), np.float32), "wav24", "lufs"),
    "a constant": (np.full((2, SHORT), 0.9, np.float32), "flac16", "rms"),
    "one sample": (_noise(1, 1), "mp3", "lufs"),
    "two samples": (_noise(2, 2), "ogg", "rms"),
    "a few samples": (_noise(3, 63), "m4a", "lufs"),
    "a click": (_click(4), "wav16", "lufs"),
    "four times full scale": (np.clip(8 * _noise(5), -4, 4), "mp3", "rms"),
    "one channel": (_noise(6) * np.array([[1], [0]], np.float32), "ogg", "lufs"),
    "inverted channels": (_noise(7)[:1] * np.array([[1], [-1]], np.float32), "m4a", "lufs"),
    "denormal": (np.full((2, SHORT), 1e-40, np.float32), "wav32f", "rms"),
    "the faintest": (1e-20 * _noise(8), "flac24", "lufs"),
    "an abrupt end": (_abrupt(9), "same", "lufs"),
    "integers as floats": (AS_INTEGERS * np.clip(_noise(10), -1, 1), "wav24", "lufs"),
}


@pytest.fixture(scope="module")
def separators() -> SeparatorCache:
    return SeparatorCache()


def _run(folder: Path, song: str, separators: SeparatorCache) -> tuple[Path, Manifest]:
    samples, file_format, measure = SONGS[song]
    request = SeparationRequest(
        separator="spectral", format=file_format, level_measure=measure, minus=True,
        ni_stems=True, details=(SplitRequest(stem="vocals", separator="spectral"),),
        denoise=(DenoiseRequest(stem="bass"),),
    )  # fmt: skip
    pipeline = request.to_pipeline()
    assert {stage.name for stage in pipeline} == set(STAGES) - {"score"}
    path = save_song(folder / "song.wav", samples.astype(np.float32))
    spec = make_spec(folder, song=path).model_copy(update={"pipeline": pipeline})
    settings = CoreSettings(offline=True)
    manifest = run_pipeline(spec, settings, separators=separators, observer=lambda event: None)
    return spec.job_dir, manifest


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("song", SONGS)
def test_every_stage_comes_to_its_end_and_what_it_tells_is_numbers(
    song: str, separators: SeparatorCache, tmp_path: Path
) -> None:
    job_dir, manifest = _run(tmp_path, song, separators)

    assert {stage.status for stage in manifest.stages} == {"completed"}
    assert verify_manifest(job_dir) == []
    told = [value for artifact in manifest.artifacts for value in artifact.model_dump().values()]
    told += [number for stage in manifest.stages for number in _numbers(stage.details)]
    assert np.isfinite([value for value in told if isinstance(value, float)]).all()


def _numbers(told: object) -> list[float]:
    if isinstance(told, float):
        return [told]
    if isinstance(told, dict):
        told = list(told.values())
    return [number for one in told for number in _numbers(one)] if isinstance(told, list) else []
