"""A stretch of a song in place of the whole."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from separation.errors import InvalidOptions
from separation.pipeline.manifest import Manifest, load_manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.settings import CoreSettings
from tests.separation.fakes import (
    FakeSeparator,
    fake_separators,
    make_samples,
    make_song,
    make_spec,
    separation_request,
)

ONE_STEM = separation_request(stems=["vocals"])
SETTINGS = replace(CoreSettings(), keep_work=True)


def spec_for(
    folder: Path, seconds: float = 3.0, *, rate_hz: int = 44_100, **range_s: Any
) -> JobSpec:
    song = folder / "song.wav"
    if not song.exists():
        make_song(song, seconds, rate_hz=rate_hz)
    spec = make_spec(folder, ONE_STEM, song=song, format="wav32f")
    prepare = StageRequest(name="prepare", params=range_s)
    return spec.model_copy(update={"pipeline": (prepare, *spec.pipeline[1:]), "preset": "preview"})


def run(spec: JobSpec) -> Manifest:
    return run_pipeline(spec, SETTINGS, separators=fake_separators, observer=lambda event: None)


def delivered(spec: JobSpec, manifest: Manifest) -> np.ndarray:
    return soundfile.read(spec.job_dir / manifest.outputs["vocals"], dtype="float32")[0].T


def test_without_a_start_it_begins_at_a_third_of_the_song(tmp_path: Path) -> None:
    spec = spec_for(tmp_path, length_s=0.5)
    manifest = run(spec)
    samples = delivered(spec, manifest)
    assert samples.shape == (2, 22_050)
    expected = 0.4 * make_samples(3.0)[:, 44_100 : 44_100 + 22_050]
    np.testing.assert_allclose(samples, expected, atol=1e-6)


def test_the_manifest_tells_the_stretch_and_the_whole_song(tmp_path: Path) -> None:
    spec = spec_for(tmp_path, length_s=0.5)
    run(spec)
    manifest = load_manifest(spec.job_dir / "manifest.json")
    assert manifest.preset == "preview"
    assert manifest.range is not None and manifest.input is not None
    assert (manifest.range.start_s, manifest.range.end_s) == (1.0, 1.5)
    assert (manifest.input.duration_s, manifest.input.frames) == (3.0, 132_300)
    prepare = manifest.stage("prepare")
    assert prepare.parameters == {"start_s": None, "length_s": 0.5}
    assert prepare.details["range"] == manifest.range.model_dump()
    assert {record.frames for record in manifest.artifacts} == {22_050}


@pytest.mark.parametrize(
    ("range_s", "kept"),
    [
        ({"length_s": 2.5}, (0.5, 3.0)),
        ({"start_s": 2.5, "length_s": 2.0}, (2.5, 3.0)),
        ({"start_s": 0.25}, (0.25, 3.0)),
        ({"length_s": 3.0}, None),
        ({"length_s": 30.0}, None),
        ({}, None),
    ],
)
def test_it_never_leaves_the_song(
    tmp_path: Path, range_s: dict[str, Any], kept: tuple[float, float] | None
) -> None:
    manifest = run(spec_for(tmp_path, **range_s))
    found = manifest.range and (manifest.range.start_s, manifest.range.end_s)
    assert found == kept
    start, end = kept or (0.0, 3.0)
    assert manifest.artifacts[0].frames == round((end - start) * 44_100)


def test_a_range_at_another_rate_is_counted_in_the_source_s_frames(tmp_path: Path) -> None:
    manifest = run(spec_for(tmp_path, 3.0, rate_hz=48_000, start_s=1.0, length_s=0.5))
    assert manifest.range is not None and manifest.range.end_s == 1.5
    assert manifest.artifacts[0].frames == 22_050


def test_a_start_behind_the_end_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match=r"begins at 9 s, and the song ends at 3\.0 s"):
        run(spec_for(tmp_path, start_s=9.0))


def test_another_range_is_another_question(tmp_path: Path) -> None:
    """An attempt takes up what an earlier one left only where it was asked for the same stretch."""
    FakeSeparator.runs = 0
    ranges: list[dict[str, Any]] = [{"length_s": 0.5}, {"length_s": 0.5}, {"length_s": 0.25}, {}]
    for range_s in ranges:
        run(spec_for(tmp_path, **range_s))
    assert FakeSeparator.runs == 3


def test_the_outline_is_that_of_the_stretch(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    sound = np.zeros((3 * 44_100, 2), np.float32)
    sound[44_100 : 44_100 + 11_025] = 0.5
    soundfile.write(song, sound, 44_100)
    stage = run(spec_for(tmp_path, length_s=0.5)).stage("prepare")
    assert stage.details["outline"] == [100] * 60 + [0] * 60
