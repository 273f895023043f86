"""Details and noise reduction through the whole pipeline: files, manifest, report, resume."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from mutagen.wave import WAVE

from separation.base import SeparatorModel, SeparatorOptions
from separation.errors import InvalidOptions
from separation.pipeline.manifest import load_manifest, verify_manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.settings import CoreSettings
from tests.separation.fakes import FakeSeparator, make_spec, separation_request
from tests.separation.interrupted import attempt, kill_at
from tests.separation.small_models import noise, save_song


class Overlapping(FakeSeparator):
    @property
    def is_overlapping(self) -> bool:
        return True


def separators(name: str, options: SeparatorOptions) -> SeparatorModel:
    return (Overlapping if name == "overlapping" else FakeSeparator)(options)


def details(*splits: dict[str, Any]) -> StageRequest:
    asked = [{"separator": "fake", **split} for split in splits]
    return StageRequest(name="details", params={"splits": asked})


def ran(spec: JobSpec) -> dict[str, Any]:
    run_pipeline(spec, CoreSettings(), separators=separators, observer=lambda event: None)
    loaded: dict[str, Any] = json.loads((spec.job_dir / "manifest.json").read_text())
    return loaded


def samples(spec: JobSpec, path: str) -> Any:
    return soundfile.read(spec.job_dir / path, dtype="float64")[0]


DENOISE = StageRequest(name="denoise", params={"stems": [{"stem": "vocals"}]})
CHECKED = (
    StageRequest(name="normalization"),
    StageRequest(name="quality"),
)


def test_a_stage_keeps_the_song_here_whatever_asked_for_it(tmp_path: Path) -> None:
    """Also for a pipeline that was stored before requests were refused."""
    split = {"stem": "song", "separator": "remote"}
    params = {"splits": [split], "allow_remote": False}
    spec = make_spec(tmp_path, StageRequest(name="details", params=params))
    with pytest.raises(InvalidOptions, match="not to leave this machine"):
        ran(spec)


def test_the_files_of_parts_sum_to_the_file_of_their_stem(tmp_path: Path) -> None:
    spec = make_spec(
        tmp_path,
        separation_request(),
        details({"stem": "drums"}, {"stem": "vocals", "stems": ["bass"]}),
        DENOISE,
        *CHECKED,
    )
    manifest = ran(spec)
    outputs = manifest["outputs"]
    for parent in ("drums", "vocals"):
        parts = [a for a in manifest["artifacts"] if a["parent"] == parent]
        split = [a for a in parts if a["stage"] == "details"]
        assert all(
            outputs[a["name"]] == f"details/{parent}/{a['name'].partition('__')[2]}.wav"
            for a in split
        )
        total = sum(samples(spec, a["path"]) for a in split)
        assert np.allclose(total, samples(spec, outputs[parent]), atol=6 * 2.0**-23)
    assert outputs["vocals_denoised"] == "denoised/vocals.wav"
    assert outputs["drums__bass_normalized"] == "normalized/details/drums/bass.wav"
    assert len(set(outputs.values())) == len(outputs)
    assert verify_manifest(spec.job_dir) == []
    title = WAVE(spec.job_dir / outputs["drums__bass"])["TIT2"].text[0]
    assert title.endswith("(drums: bass)")


def test_the_quality_report_says_whether_parts_sum_to_their_stem(tmp_path: Path) -> None:
    spec = make_spec(
        tmp_path,
        separation_request(),
        details(
            {"stem": "drums"},
            {"stem": "bass", "stems": ["bass"]},
            {"stem": "vocals", "separator": "overlapping"},
            {"stem": "other", "model": "silent"},
        ),
        StageRequest(name="quality"),
    )
    told = {each["parent"]: each for each in ran(spec)["quality"]["details"]}
    assert told["drums"]["reason"] == "Together the parts are exactly the stem."
    assert told["drums"]["complete"] and not told["drums"]["is_flagged"]
    assert "Only some of the parts" in told["bass"]["reason"]
    assert told["vocals"]["overlapping"] and told["vocals"]["residual_db"] is None
    # Without the part called vocals 40 % of the amplitude are missing: -8 dB.
    assert told["other"]["is_flagged"]
    assert told["other"]["residual_db"] == pytest.approx(20 * np.log10(0.4), abs=0.05)
    assert told["drums"]["parts"] == ["drums", "bass", "other", "vocals"]


def test_a_manifest_of_parts_is_read_again_and_fits_the_schema(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, separation_request(), details({"stem": "drums"}), *CHECKED)
    ran(spec)
    manifest = load_manifest(spec.job_dir / "manifest.json")
    assert {a.parent for a in manifest.artifacts} == {None, "drums"}
    assert manifest.quality is not None
    assert manifest.quality.details[0].parent == "drums"


def test_a_model_whose_stems_overlap_does_not_split_the_song_but_its_details(
    tmp_path: Path,
) -> None:
    refused = make_spec(tmp_path, separation_request(separator="overlapping"))
    with pytest.raises(InvalidOptions, match=r"overlap.*song=overlapping"):
        ran(refused)
    asked = make_spec(tmp_path, details({"stem": "song", "separator": "overlapping"}))
    outputs = ran(asked.model_copy(update={"job_dir": tmp_path / "again"}))["outputs"]
    assert list(outputs) == [f"song__{stem}" for stem in ("drums", "bass", "other", "vocals")]


def uneven(tmp_path: Path, *stages: StageRequest) -> JobSpec:
    song = save_song(tmp_path / "song.wav", noise(66_150))
    return make_spec(tmp_path, *stages, song=song)


def of_stage(spec: JobSpec, stage: str) -> dict[str, bytes]:
    folder = spec.job_dir / "work" / stage
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.wav")
    }


def compare_after_a_kill(spec: JobSpec, stage: str, share: float) -> tuple[int, int]:
    """Windows of an undisturbed attempt, and of the one after a kill; their files are the same."""
    undisturbed = spec.model_copy(update={"job_dir": spec.job_dir.with_name("undisturbed")})
    whole = attempt(undisturbed)
    kill_at(spec, round(whole.windows * share))
    resumed = attempt(spec)
    assert of_stage(spec, stage) == of_stage(undisturbed, stage)
    assert not list((spec.job_dir / "work").glob(".tmp-*"))
    assert not list((spec.job_dir / "work").rglob("checkpoint.json"))
    return whole.windows, resumed.windows


def test_killed_in_the_second_split_the_first_is_not_done_again(tmp_path: Path) -> None:
    splits = [{"stem": stem, "separator": "uneven"} for stem in ("drums", "bass")]
    spec = uneven(tmp_path, separation_request(separator="uneven"), details(*splits))
    # A third each for the separation and the two splits: the kill is in the middle of the last.
    whole, resumed = compare_after_a_kill(spec, "details", 5 / 6)
    assert resumed < 0.3 * whole
    manifest = load_manifest(spec.job_dir / "manifest.json")
    assert manifest.stage("details").details["resumed_at_s"] > 0.5


def test_an_ensemble_may_split_a_stem_and_is_resumed_there_too(tmp_path: Path) -> None:
    ensemble = {"members": [{"separator": "uneven"}, {"separator": "uneven", "weights": 2}]}
    split = {"stem": "drums", "separator": "ensemble", "ensemble": ensemble}
    spec = uneven(tmp_path, separation_request(separator="uneven"), details(split))
    whole, resumed = compare_after_a_kill(spec, "details", 5 / 6)
    # In the second member of the ensemble: the first is kept.
    assert resumed < 0.3 * whole
    manifest = load_manifest(spec.job_dir / "manifest.json")
    members = manifest.stage("details").details["splits"]["drums"]["members"]
    assert [(each["model"], each["weights"]) for each in members] == [
        ("uneven", {}),
        ("uneven", {"*": 2.0}),
    ]
