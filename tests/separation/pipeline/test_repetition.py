"""A job that repeats another: what must be equal, and how far apart the results are."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import soundfile

from separation.errors import InvalidOptions, NotRepeatable
from separation.pipeline.manifest import Manifest, MemberRecord, load_manifest
from separation.pipeline.manifest_migrations import MANIFEST_VERSION
from separation.pipeline.repetition import check_repeatable, pipeline_of, settings_as_then
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec, RepeatedJob
from separation.settings import CoreSettings
from separation.stages.registry import check_pipeline
from separation.storage.atomic_files import digest_of
from tests.separation.fakes import (
    FakeSeparator,
    fake_separators,
    make_song,
    make_spec,
)


def run(spec: JobSpec) -> Manifest:
    return run_pipeline(
        spec,
        CoreSettings(offline=True),
        separators=fake_separators,
        observer=lambda event: None,
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[JobSpec, Manifest]:
    home = tmp_path_factory.mktemp("first")
    spec = make_spec(home, song=make_song(home / "song.wav", 0.3))
    return spec, run(spec)


@pytest.fixture
def spec(ran: tuple[JobSpec, Manifest], tmp_path: Path) -> JobSpec:
    """The first job, with a copy of its files that a test may change."""
    spec, _ = ran
    return spec.model_copy(update={"job_dir": shutil.copytree(spec.job_dir, tmp_path / "first")})


@pytest.fixture
def first(ran: tuple[JobSpec, Manifest]) -> Manifest:
    return ran[1]


def again(spec: JobSpec, first: Manifest, *, files: Path | None = None, **changes: Any) -> JobSpec:
    values = first.model_dump(mode="json")
    return spec.model_copy(
        update={
            "job_id": "again",
            "job_dir": spec.job_dir.parent / "again",
            "pipeline": pipeline_of(first),
            "repeats": RepeatedJob(manifest=values, files=files),
            **changes,
        }
    )


def with_separation(first: Manifest, **changes: Any) -> Manifest:
    assert first.separation is not None
    return first.model_copy(update={"separation": first.separation.model_copy(update=changes)})


def with_stage(first: Manifest, stage_name: str, /, **changes: Any) -> Manifest:
    stages = tuple(
        stage.model_copy(update=changes) if stage.name == stage_name else stage
        for stage in first.stages
    )
    return first.model_copy(update={"stages": stages})


def test_the_same_bits_are_told_in_the_manifest(spec: JobSpec, first: Manifest) -> None:
    second = run(again(spec, first))
    assert second.version == MANIFEST_VERSION and second.repeats is not None
    assert second.repeats.job_id == first.job_id and second.repeats.is_identical
    assert [each.name for each in second.repeats.artifacts] == list(first.outputs)
    assert load_manifest(spec.job_dir.parent / "again" / "manifest.json") == second


def test_a_second_attempt_at_a_finished_repetition_keeps_its_comparison(
    spec: JobSpec, first: Manifest
) -> None:
    repeated = again(spec, first)
    assert run(repeated) == run(repeated.model_copy(update={"attempt_id": "2"}))


def test_an_ordinary_job_repeats_nothing(first: Manifest) -> None:
    assert first.repeats is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights_digest": "f" * 64}, "digest of the weights"),
        ({"version": "77"}, "version of the model"),
        ({"seed": 5}, "seed"),
        ({"model": "another"}, "model"),
    ],
)
def test_another_model_is_refused_before_anything_is_separated(
    spec: JobSpec, first: Manifest, changes: dict[str, Any], words: str
) -> None:
    runs = FakeSeparator.runs
    (value,) = changes.values()
    with pytest.raises(NotRepeatable, match=f"The {words} is .* here and was {value!r}"):
        run(again(spec, with_separation(first, **changes)))
    assert FakeSeparator.runs == runs


def test_another_song_is_refused_by_its_digest(
    spec: JobSpec, first: Manifest, tmp_path: Path
) -> None:
    other = make_song(tmp_path / "other.wav", 0.4)
    with pytest.raises(NotRepeatable, match=digest_of(other).sha256):
        run(again(spec, first, input_path=other))


def test_another_version_of_a_stage_is_refused_by_name(spec: JobSpec, first: Manifest) -> None:
    with pytest.raises(NotRepeatable, match=r"'export' is of version .* was of version 99"):
        run(again(spec, with_stage(first, "export", version=99)))


def test_a_stage_that_is_not_here_is_refused_by_name(first: Manifest) -> None:
    unknown = with_stage(first, "export", name="magic")
    with pytest.raises(NotRepeatable, match="the stage 'magic'"):
        pipeline_of(unknown)


def test_a_separator_that_is_not_here_is_refused_by_name(spec: JobSpec, first: Manifest) -> None:
    unknown = with_separation(first, separator="magic")
    with pytest.raises((InvalidOptions, NotRepeatable), match="magic"):
        run(again(spec, unknown, pipeline=pipeline_of(unknown)))


def test_another_member_of_an_ensemble_is_refused_by_its_number(first: Manifest) -> None:
    member = MemberRecord(
        separator="fake", model="a", version="1", weights_digest="d" * 64, engine="numpy",
        precision="float32", device="cpu",
    )  # fmt: skip
    recorded = with_separation(first, members=(member, member.model_copy(update={"model": "b"})))
    assert recorded.separation is not None and recorded.input is not None
    here = recorded.separation.model_dump(mode="json")
    here["members"] = [here["members"][0], {**here["members"][1], "weights_digest": "e" * 64}]
    stages = check_pipeline(pipeline_of(first))
    with pytest.raises(NotRepeatable, match="digest of the weights of member 2"):
        check_repeatable(recorded, stages, recorded.input.sha256, lambda stage: here)


def test_what_auto_chose_is_repeated_and_not_what_it_would_choose_now(first: Manifest) -> None:
    (stage,) = [stage for stage in first.stages if stage.name == "separation"]
    open_choice = {**stage.parameters, "separator": "auto", "device": "auto"}
    chosen = with_stage(first, "separation", parameters=open_choice)
    ran = with_separation(chosen, separator="spleeter", model="spleeter-4stems", device="cpu")
    params = {each.name: each.params for each in pipeline_of(ran)}["separation"]
    assert (params["separator"], params["device"]) == ("spleeter", "cpu")


def test_engine_and_precision_are_those_of_the_job(first: Manifest) -> None:
    ran = with_separation(first, engine="torch", precision="bfloat16")
    then = settings_as_then(CoreSettings(engine="auto", precision="exact"), ran)
    assert (then.engine, then.precision) == ("torch", "fast")
    exact = settings_as_then(CoreSettings(), with_separation(ran, precision="float32"))
    assert exact.precision == "exact"
    assert settings_as_then(CoreSettings(), first) == CoreSettings()


def test_an_engine_that_is_not_here_is_replaced(
    first: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("separation.pipeline.repetition.find_spec", lambda name: None)
    ran = with_separation(first, engine="openvino")
    assert settings_as_then(CoreSettings(engine="auto"), ran).engine == "auto"


def changed(spec: JobSpec, first: Manifest, frames: int | None = None) -> Manifest:
    """The first job as if its vocals had come out 1 % quieter: an error of -40 dB."""
    path = spec.job_dir / first.outputs["vocals"]
    sound, rate = soundfile.read(path, always_2d=True)
    soundfile.write(path, sound * 0.99, rate, subtype="PCM_24")
    digest = digest_of(path)
    news = {"sha256": digest.sha256, "size_bytes": digest.size}
    if frames is not None:
        news["frames"] = frames
    artifacts = tuple(
        record.model_copy(update=news) if record.name == "vocals" else record
        for record in first.artifacts
    )
    libraries = {**first.metadata.libraries, "numpy": "0.1"}
    metadata = first.metadata.model_copy(update={"libraries": libraries})
    return with_separation(first, engine="abacus").model_copy(
        update={"artifacts": artifacts, "metadata": metadata}
    )


def test_another_sound_is_told_in_decibels_with_what_may_explain_it(
    spec: JobSpec, first: Manifest
) -> None:
    earlier = changed(spec, first)
    repeats = run(again(spec, earlier, files=spec.job_dir)).repeats
    assert repeats is not None and not repeats.is_identical
    (vocals,) = [each for each in repeats.artifacts if not each.is_identical]
    # 20 log10(0.99 / 0.01) is 39.9 dB.
    assert vocals.name == "vocals" and vocals.sdr_db == pytest.approx(39.9, abs=0.1)
    assert any(reason.startswith("engine: abacus then, ") for reason in repeats.reasons)
    assert any(reason.startswith("numpy: 0.1 then, ") for reason in repeats.reasons)
    assert len(repeats.reasons) == 2


@pytest.mark.parametrize(
    ("frames", "has_files", "words"), [(None, False, "is not here"), (7, True, "another length")]
)
def test_what_cannot_be_measured_says_why(
    spec: JobSpec, first: Manifest, frames: int | None, has_files: bool, words: str
) -> None:
    earlier = changed(spec, first, frames)
    repeats = run(again(spec, earlier, files=spec.job_dir if has_files else None)).repeats
    assert repeats is not None
    (vocals,) = [each for each in repeats.artifacts if not each.is_identical]
    assert vocals.sdr_db is None and words in vocals.note
