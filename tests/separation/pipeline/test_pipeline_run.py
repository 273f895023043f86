"""A whole job with a fake separator: what lies where afterwards, and what was told."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from separation.base import SeparatorOptions
from separation.errors import InvalidOptions
from separation.pipeline.manifest import Manifest, load_manifest, verify_manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.protocol.messages import Event, FinishedEvent, StageFinishedEvent, StageStartedEvent
from separation.settings import CoreSettings
from separation.storage.atomic_files import digest_of
from tests.separation.fakes import (
    STEMS,
    FakeSeparator,
    fake_separators,
    make_samples,
    make_song,
    make_spec,
    separation_request,
)


@pytest.fixture
def events() -> list[Event]:
    return []


def run(spec: JobSpec, events: list[Event], **settings: Any) -> Manifest:
    return run_pipeline(
        spec, CoreSettings(**settings), separators=fake_separators, observer=events.append
    )


def test_a_song_goes_in_and_verified_stems_come_out(tmp_path: Path, events: list[Event]) -> None:
    spec = make_spec(tmp_path)
    manifest = run(spec, events)
    assert manifest.status == "completed"
    assert list(manifest.outputs) == [*STEMS, "residual"]
    for name, path in manifest.outputs.items():
        assert path == f"fake_output/{name}.wav"
        info = soundfile.info(spec.job_dir / path)
        assert (info.frames, info.channels, info.subtype) == (44_100, 2, "PCM_24")
    assert verify_manifest(spec.job_dir) == []


def test_the_manifest_names_the_job_that_this_one_replaces(
    tmp_path: Path, events: list[Event]
) -> None:
    older = "3f1c2a4e-0000-4000-8000-000000000009"
    spec = make_spec(tmp_path).model_copy(update={"replaces": older})
    run(spec, events)
    assert load_manifest(spec.job_dir / "manifest.json").replaces == older


def test_stems_plus_residual_sum_to_the_mixture(tmp_path: Path, events: list[Event]) -> None:
    spec = make_spec(tmp_path, separation_request(stems=["vocals", "drums"]))
    manifest = run(spec, events)
    total = sum(soundfile.read(spec.job_dir / path)[0] for path in manifest.outputs.values())
    # Three tracks rounded to 24 bit: each within half a step of -138 dBFS.
    error = np.abs(total - make_samples().T).max()
    assert 20 * np.log10(error) < -90
    assert list(manifest.outputs) == ["drums", "vocals", "residual"]


def test_nothing_but_outputs_and_manifest_is_left(tmp_path: Path, events: list[Event]) -> None:
    spec = make_spec(tmp_path)
    manifest = run(spec, events)
    left = {str(p.relative_to(spec.job_dir)) for p in spec.job_dir.rglob("*") if p.is_file()}
    assert left == {"manifest.json", *manifest.outputs.values()}


def test_the_intermediates_stay_when_they_are_to_be_kept(
    tmp_path: Path, events: list[Event]
) -> None:
    spec = make_spec(tmp_path)
    run(spec, events, keep_work=True)
    assert (spec.job_dir / "work" / "separation" / "vocals.wav").is_file()


def test_the_manifest_on_disk_tells_enough_to_do_it_again(
    tmp_path: Path, events: list[Event]
) -> None:
    spec = make_spec(tmp_path, separation_request(shifts=3, seed=9))
    run(spec, events)
    manifest = load_manifest(spec.job_dir / "manifest.json")
    source = digest_of(spec.input_path)
    assert manifest.input is not None
    assert (manifest.input.sha256, manifest.input.size_bytes) == (source.sha256, source.size)
    assert (manifest.input.frames, manifest.input.sample_rate_hz) == (44_100, 44_100)
    assert manifest.separation is not None and manifest.separation.separator == "fake"
    stage = manifest.stage("separation")
    assert (stage.parameters["shifts"], stage.parameters["seed"]) == (3, 9)
    assert stage.version == 1 and stage.key is not None and len(stage.key) == 64
    assert stage.warnings == ("A fake ran.",)
    # The fake's gains sum to one, so what is left is float rounding.
    assert stage.details["residual_dbfs"] is None or stage.details["residual_dbfs"] < -120
    assert manifest.metadata.models["separator"] == "fake"
    assert manifest.metadata.settings == {"target_db": None, "device": "auto"}
    assert "numpy" in manifest.metadata.libraries
    assert manifest.metadata.libraries["soxr"] == version("soxr"), "what resampled"


def test_the_manifest_names_no_folder_of_the_server(tmp_path: Path, events: list[Event]) -> None:
    repo = tmp_path / "secret place" / "weights"
    run(make_spec(tmp_path, separation_request(repo=str(repo))), events)
    text = next((tmp_path / "outputs").rglob("manifest.json")).read_text()
    assert str(tmp_path) not in text and '"repo": "weights"' in text


def test_events_tell_the_stages_in_order_and_carry_the_manifest(
    tmp_path: Path, events: list[Event]
) -> None:
    manifest = run(make_spec(tmp_path), events)
    told = [
        (event.type, event.stage)
        for event in events
        if isinstance(event, StageStartedEvent | StageFinishedEvent)
    ]
    assert told == [
        (kind, stage)
        for stage in ("prepare", "separation", "export")
        for kind in ("stage_started", "stage_finished")
    ]
    last = events[-1]
    assert isinstance(last, FinishedEvent)
    assert last.manifest == json.loads(manifest.model_dump_json())


def test_the_start_of_a_stage_says_what_to_show_until_it_reports(
    tmp_path: Path, events: list[Event]
) -> None:
    """Reports may be held back for half a second, and loading a model is silent for longer."""
    run(make_spec(tmp_path), events)
    shown = {
        event.stage: (event.percent, event.eta_s, event.label)
        for event in events
        if isinstance(event, StageStartedEvent)
    }
    assert [label for _, _, label in shown.values()] == [
        "Loading audio file", "Separating stems", "Writing tracks",
    ]  # fmt: skip
    percents = [percent for percent, _, _ in shown.values() if percent is not None]
    assert len(percents) == 3 and percents == sorted(percents) and percents[0] == 0.0
    # How long the song is turns out when it is decoded.
    assert [left is not None for _, left, _ in shown.values()] == [False, True, True]


def test_the_separator_is_told_what_the_operator_set(tmp_path: Path) -> None:
    asked: list[SeparatorOptions] = []

    def separators(name: str, options: SeparatorOptions) -> FakeSeparator:
        asked.append(options)
        return FakeSeparator(options)

    settings = CoreSettings(model_dir=tmp_path, offline=True, hub_timeout_s=1.5)
    run_pipeline(make_spec(tmp_path), settings, separators=separators, observer=lambda event: None)
    assert {(o.model_dir, o.offline, o.hub_timeout_s) for o in asked} == {(tmp_path, True, 1.5)}


def test_a_song_of_one_frame_goes_through(tmp_path: Path, events: list[Event]) -> None:
    song = make_song(tmp_path / "one.wav", 1 / 44_100)
    manifest = run(make_spec(tmp_path, song=song), events)
    assert {artifact.frames for artifact in manifest.artifacts} == {1}


def test_a_silent_song_gives_silent_stems(tmp_path: Path, events: list[Event]) -> None:
    song = make_song(tmp_path / "silence.wav", 0.5, peak=0.0)
    manifest = run(make_spec(tmp_path, song=song), events)
    assert manifest.status == "completed"
    assert {artifact.peak_dbfs for artifact in manifest.artifacts} == {None}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("separation", "export"), "begins with 'prepare'"),
        (("prepare", "separation"), "ends with 'export'"),
        (("prepare", "composite", "export"), "needs 'separation'"),
        (("prepare", "separation", "separation", "export"), "twice"),
        (("prepare", "nothing", "export"), "no stage 'nothing'"),
        (("prepare", "harmonic_percussive", "separation", "export"), "order"),
    ],
)
def test_a_pipeline_that_does_not_fit_together_is_refused(
    tmp_path: Path, events: list[Event], names: tuple[str, ...], said: str
) -> None:
    pipeline = tuple(StageRequest(name=name) for name in names)
    spec = make_spec(tmp_path).model_copy(update={"pipeline": pipeline})
    with pytest.raises(InvalidOptions, match=said):
        run(spec, events)
    assert load_manifest(spec.job_dir / "manifest.json").status == "failed"


def test_a_wrong_parameter_is_named_with_its_stage(tmp_path: Path, events: list[Event]) -> None:
    with pytest.raises(InvalidOptions, match=r"'separation'.*shifts 21"):
        run(make_spec(tmp_path, separation_request(shifts=21)), events)


def test_a_stem_that_does_not_exist_is_refused_before_the_work(
    tmp_path: Path, events: list[Event]
) -> None:
    spec = make_spec(tmp_path, separation_request(stems=["kazoo"]))
    with pytest.raises(InvalidOptions, match="kazoo"):
        run(spec, events)
