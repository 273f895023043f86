"""Tracks that are the same sound are one file under several names."""

from pathlib import Path
from typing import Any

import pytest

from separation.audio.tracks import Term, Track
from separation.pipeline.manifest import Manifest, verify_manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import StageRequest
from separation.request.separation_request import SeparationRequest
from separation.runner.__main__ import SeparatorCache
from separation.settings import CoreSettings
from tests.separation.fakes import make_song, make_spec

ALL_BUT_HALVES = ("separation", "composite", "normalization")


def made(tmp_path: Path, params: dict[str, Any] | None = None, **choices: Any) -> Manifest:
    request = SeparationRequest(separator="spectral", preview=False, **choices)
    pipeline = tuple(
        StageRequest(name=stage.name, params={**stage.params, **(params or {})})
        if stage.name == "composite"
        else stage
        for stage in request.to_pipeline()
    )
    spec = make_spec(tmp_path, song=make_song(tmp_path / "song.wav", 0.5))
    manifest = run_pipeline(
        spec.model_copy(update={"pipeline": pipeline}),
        CoreSettings(offline=True),
        separators=SeparatorCache(),
        observer=lambda event: None,
    )
    assert verify_manifest(spec.job_dir) == []
    on_disk = {str(path.relative_to(spec.job_dir)) for path in spec.job_dir.rglob("*.wav")}
    assert on_disk == set(manifest.outputs.values())
    return manifest


def test_main_and_instrumental_are_one_file_and_so_are_their_normalized_copies(
    tmp_path: Path,
) -> None:
    manifest = made(tmp_path, stages=ALL_BUT_HALVES)
    assert manifest.outputs["main"] == manifest.outputs["instrumental"] == "composite/main.wav"
    assert manifest.outputs["instrumental_normalized"] == "normalized/main.wav"
    records = {record.name: record for record in manifest.artifacts}
    assert len(set(manifest.outputs.values())) == len(records) - 2
    again, first = records["instrumental"], records["main"]
    assert (first.same_as, again.same_as, again.stage) == (None, "main", "composite")
    assert (again.sha256, again.size_bytes) == (first.sha256, first.size_bytes)
    assert [each.name for each in manifest.artifacts if each.same_as] == [
        "instrumental", "instrumental_normalized",
    ]  # fmt: skip


def test_what_a_composite_holds_stands_beside_it(tmp_path: Path) -> None:
    manifest = made(tmp_path, stages=ALL_BUT_HALVES)
    notes = {record.name: record.note for record in manifest.artifacts}
    assert notes["main"] == "The song without vocals: drums + bass + other."
    assert notes["main"] == notes["instrumental"] == notes["main_normalized"]
    assert notes["main_harmonic"] == "The sustained part of main."
    assert notes["vocals"] == ""


def test_a_composite_that_is_a_stem_is_the_file_of_the_stem(tmp_path: Path) -> None:
    manifest = made(tmp_path, stages=("separation", "composite"), two_stems="vocals")
    paths = {manifest.outputs[name] for name in ("no_vocals", "main", "instrumental")}
    assert paths == {"spectral_output/no_vocals.wav"}


def test_sums_that_differ_have_files_of_their_own(tmp_path: Path) -> None:
    manifest = made(
        tmp_path, {"main_stems": ("drums", "bass")}, stages=("separation", "composite"), minus=True
    )
    records = {record.name: record for record in manifest.artifacts}
    assert {record.same_as for record in records.values()} == {None}
    assert len({record.path for record in records.values()}) == len(records)
    assert records["main"].note == "The sum of drums + bass."
    assert records["minus_drums"].note == "The song minus drums, with what no stem holds."


def test_where_stems_are_missing_the_songs_minus_the_same_are_one_file(tmp_path: Path) -> None:
    manifest = made(
        tmp_path, stages=("separation", "composite"), stems=("vocals", "drums"), minus=True
    )
    paths = {manifest.outputs[name] for name in ("main", "instrumental", "minus_vocals")}
    assert paths == {"composite/main.wav"}
    assert manifest.outputs["minus_drums"] != manifest.outputs["main"]


def test_a_file_that_is_gone_is_missed_under_all_of_its_names(tmp_path: Path) -> None:
    manifest = made(tmp_path, stages=("separation", "composite"))
    folder = make_spec(tmp_path, song=tmp_path / "song.wav").job_dir
    (folder / manifest.outputs["main"]).unlink()
    assert verify_manifest(folder) == [
        "main: composite/main.wav is missing.", "instrumental: composite/main.wav is missing.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "gain", "same"),
    [
        ((("b.wav", 1.0), ("a.wav", 0.5)), 1.0, True),
        ((("a.wav", 1.0), ("b.wav", 2.0)), 0.5, True),
        ((("a.wav", 0.5),), 1.0, False),
        ((("a.wav", 0.5), ("b.wav", -1.0)), 1.0, False),
    ],
)
def test_the_order_of_a_sum_does_not_matter_and_gains_do(
    terms: tuple[tuple[str, float], ...], gain: float, same: bool
) -> None:
    def track(parts: tuple[tuple[str, float], ...]) -> Track:
        summed = tuple(Term(path=path, gain=each) for path, each in parts)
        return Track(name="any", folder="any", file_stem="any", stage="composite", terms=summed)

    wanted = track((("a.wav", 0.5), ("b.wav", 1.0))).sound_key()
    assert (track(terms).sound_key(gain) == wanted) is same
