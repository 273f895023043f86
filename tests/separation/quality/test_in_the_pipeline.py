"""The report is part of the manifest, and what it needs is measured once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from separation.audio.metering import track_levels
from separation.audio.metering.loudness import LevelMeter
from separation.errors import DiskFull
from separation.pipeline.manifest import Manifest, load_manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.request.separation_request import parse_request
from separation.settings import CoreSettings
from separation.stages.base import StageContext
from separation.stages.export import ExportParams, ExportStage
from separation.stages.normalization import NormalizationParams, NormalizationStage
from separation.stages.quality import QualityParams, QualityStage
from tests.separation.fakes import fake_separators, make_spec, separation_request
from tests.separation.stages.stage_world import make_context, run, sound

STEMS = {"drums": sound(1), "vocals": sound(2)}


def checked_spec(tmp_path: Path) -> JobSpec:
    return make_spec(
        tmp_path, separation_request(model="plain"), StageRequest(name="quality"), format="wav16"
    )


def run_job(spec: JobSpec, settings: CoreSettings | None = None) -> Manifest:
    return run_pipeline(
        spec,
        settings or CoreSettings(),
        separators=fake_separators,
        observer=lambda event: None,
    )


@pytest.fixture
def meters(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for every signal whose levels are measured."""
    made: list[int] = []

    class Counted(LevelMeter):
        def __init__(self, *arguments: int) -> None:
            made.append(1)
            super().__init__(*arguments)

    monkeypatch.setattr(track_levels, "LevelMeter", Counted)
    return made


def after(context: StageContext, *stages: StageRequest) -> StageContext:
    """The same job with more stages in its pipeline."""
    spec = context.spec.model_copy(update={"pipeline": (*context.spec.pipeline, *stages)})
    return replace(context, spec=spec)


def test_the_manifest_has_a_report_on_every_stem_and_keeps_it(tmp_path: Path) -> None:
    spec = checked_spec(tmp_path)
    manifest = run_job(spec)
    assert manifest.quality is not None and manifest.quality.version == 1
    stems = [record.name for record in manifest.artifacts if record.name != "residual"]
    assert [stem.name for stem in manifest.quality.stems] == stems
    assert load_manifest(spec.job_dir / "manifest.json") == manifest
    for stem in manifest.quality.stems:
        record = next(each for each in manifest.artifacts if each.name == stem.name)
        assert stem.loudness_lufs is not None
        assert record.loudness_lufs == pytest.approx(stem.loudness_lufs + record.gain_db, abs=0.01)


def test_a_job_that_goes_on_later_keeps_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = checked_spec(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(ExportStage, "execute", _no_disk)
        with pytest.raises(DiskFull):
            run_job(spec)
    manifest = run_job(spec.model_copy(update={"attempt_id": "second"}))
    assert manifest.stage("quality").reused
    assert manifest.quality is not None


def _no_disk(stage: ExportStage, context: StageContext) -> None:
    raise DiskFull("The disk is full.")


@pytest.mark.parametrize(
    ("stages", "checked"),
    [
        (("separation",), True),
        (("separation", "composite", "normalization"), True),
        (("harmonic_percussive", "normalization"), False),
    ],
)
def test_stems_are_checked_wherever_there_are_any(stages: tuple[str, ...], checked: bool) -> None:
    names = [stage.name for stage in parse_request({"stages": stages}).to_pipeline()]
    assert ("quality" in names) is checked
    assert names[-1] == "export"


def test_what_normalization_measured_is_not_measured_again(
    tmp_path: Path, meters: list[int]
) -> None:
    context = make_context(tmp_path, STEMS["drums"] + STEMS["vocals"], STEMS)
    _, context = run(NormalizationStage(NormalizationParams()), context)
    before = len(meters)
    run(QualityStage(QualityParams()), context)
    assert len(meters) == before > 0


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_the_export_measures_only_what_the_check_did_not(
    tmp_path: Path, meters: list[int], rate_hz: int
) -> None:
    params: dict[str, Any] = {"sample_rate_hz": rate_hz}
    context = after(
        make_context(tmp_path, STEMS["drums"] + STEMS["vocals"], STEMS),
        StageRequest(name="quality"),
        StageRequest(name="export", params=params),
    )
    _, context = run(QualityStage(QualityParams()), context)
    assert len(meters) == 3  # song, drums, vocals
    run(ExportStage(ExportParams(**params)), context)
    assert len(meters) == 4  # the residual as well


def test_the_check_can_be_cancelled(tmp_path: Path) -> None:
    context = make_context(tmp_path, STEMS["drums"] + STEMS["vocals"], STEMS)

    def stop(fraction: float, message: str = "") -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(QualityStage(QualityParams()), replace(context, report=stop))


def test_an_old_manifest_has_no_report(tmp_path: Path) -> None:
    manifest = run_job(make_spec(tmp_path))
    assert manifest.quality is None
    old = manifest.model_dump(mode="json")
    del old["quality"]
    assert load_manifest(old).quality is None
