"""Runs a job again exactly, from its manifest: what must be equal, and how far apart results are.

Before any work a repetition is refused where the song, the weights, the seed or the version of a
stage differ. Engine, precision, processor and libraries may differ: they are taken as they were
where they can be, and otherwise the comparison at the end names them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from separation.audio.blocks import FloatArray
from separation.audio.decoding.open_reader import open_reader
from separation.audio.decoding.sniff import sniff
from separation.audio.metering.sdr import sdr_of_blocks
from separation.catalogue import models_for
from separation.ensemble import ENSEMBLE
from separation.errors import NotRepeatable, SeparationError
from separation.pipeline.manifest import (
    Manifest,
    RepeatedArtifact,
    RepetitionRecord,
    StageRecord,
    fault_of,
)
from separation.progress import never_stop
from separation.protocol.jobspec import StageRequest
from separation.settings import CoreSettings, EngineName, PrecisionName
from separation.stage_table import DETAILS, RUNS_SEPARATORS, SEPARATION, STAGES
from separation.stages.base import ArtifactRecord, PipelineStage

_MUST_EQUAL = {
    "separator": "separator",
    "model": "model",
    "version": "version of the model",
    "weights_digest": "digest of the weights",
    "seed": "seed",
}
_MAY_DIFFER = ("engine", "precision", "device")


def pipeline_of(manifest: Manifest, repo: Path | None = None) -> tuple[StageRequest, ...]:
    """The stages of a completed job with their parameters, to run them again.

    What ``auto`` chose is taken instead of ``auto``. ``repo``: the folder with the models, which a
    manifest names without its path. Raises ``NotRepeatable``.
    """
    require_completed(manifest.status)
    if manifest.input is None or not manifest.stages or not manifest.artifacts:
        raise NotRepeatable(
            "The manifest has no digests or parameters, as manifests of version 1.0. Separate the "
            "song again instead."
        )
    return tuple(
        StageRequest(name=stage.name, params=_parameters(stage, manifest, repo))
        for stage in manifest.stages
    )


def require_completed(status: str) -> None:
    """Raises ``NotRepeatable`` for a job of another status than ``completed``."""
    if status != "completed":
        raise NotRepeatable(f"The job is {status}: only a completed job can run again exactly.")


def _parameters(stage: StageRecord, manifest: Manifest, repo: Path | None) -> dict[str, Any]:
    if stage.name not in STAGES:
        raise NotRepeatable(
            f"The job has the stage {stage.name!r}, which this stemsite does not have."
        )
    params = dict(stage.parameters)
    if params.get("repo") is not None:
        if repo is None:
            raise NotRepeatable(
                f"The models of the job were in a folder {params['repo']!r}, whose path the "
                "manifest does not tell. Name it with --repo."
            )
        params["repo"] = str(repo.resolve())
    ran = identities(stage, manifest)
    if stage.name == SEPARATION:
        params |= _as_it_ran(params, ran.get(""), manifest)
    elif stage.name == DETAILS:
        params["splits"] = [
            {**split, **_as_it_ran(split, ran.get(split["stem"]), None)}
            for split in params["splits"]
        ]
    return params


def _as_it_ran(
    choice: Mapping[str, Any], ran: Mapping[str, Any] | None, manifest: Manifest | None
) -> dict[str, Any]:
    """The parameters that a choice left open, as they came out."""
    if ran is None or choice.get("separator") == ENSEMBLE:
        return {}
    found = {"separator": ran["separator"]}
    if ran["model"] in {each.name for each in models_for(ran["separator"])}:
        found["model"] = ran["model"]
    if manifest is not None and choice.get("device") == "auto" and ran["device"] == "cpu":
        found["device"] = "cpu"
    return found


def identities(stage: StageRecord, manifest: Manifest) -> dict[str, dict[str, Any]]:
    """What separated in a stage: under an empty name that of ``separation``, else by stem."""
    if stage.name == SEPARATION and manifest.separation is not None:
        return {"": manifest.separation.model_dump(mode="json")}
    return {stem: dict(made) for stem, made in stage.details.get("splits", {}).items()}


def settings_as_then(settings: CoreSettings, manifest: Manifest) -> CoreSettings:
    """The settings with engine and precision of the job, where these exist here."""
    ran = manifest.separation
    if ran is None or ran.engine not in ("torch", "openvino"):
        return settings
    there = ran.engine == "torch" or find_spec("openvino") is not None
    engine = cast(EngineName, ran.engine) if there else settings.engine
    precision: PrecisionName = "exact" if ran.precision == "float32" else "fast"
    return replace(settings, engine=engine, precision=precision)


def check_repeatable(
    manifest: Manifest,
    stages: Sequence[PipelineStage[Any]],
    input_sha256: str,
    material_of: Callable[[PipelineStage[Any]], dict[str, Any]],
) -> None:
    """Raises ``NotRepeatable`` where another song, stage or model would run than the manifest
    tells. ``material_of``: what a stage would run, as in its key; it may load models."""
    assert manifest.input is not None
    if manifest.input.sha256 != input_sha256:
        raise NotRepeatable(
            f"This is another song: its SHA-256 is {input_sha256}, and that of the job's song is "
            f"{manifest.input.sha256}. Name the file that was sent."
        )
    for stage in stages:
        record = manifest.stage(stage.name)
        if record.version != stage.version:
            raise NotRepeatable(
                f"The stage {stage.name!r} is of version {stage.version} here and was of version "
                f"{record.version}: it would compute something else. Use the stemsite of then, "
                f"{manifest.metadata.code_version or 'of an unknown version'}."
            )
    for stage in stages:
        if stage.name in RUNS_SEPARATORS:
            _check_models(manifest, stage, material_of(stage))


def _check_models(manifest: Manifest, stage: PipelineStage[Any], material: dict[str, Any]) -> None:
    here = {"": material} if stage.name == SEPARATION else material
    for stem, ran in identities(manifest.stage(stage.name), manifest).items():
        where = f" of the split of {stem!r}" if stem else ""
        _check_equal(ran, here.get(stem, {}), where)
        members = zip(ran.get("members", ()), here.get(stem, {}).get("members", ()), strict=False)
        for number, (then, now) in enumerate(members, 1):
            _check_equal(then, now, f"{where} of member {number}")


def _check_equal(then: Mapping[str, Any], now: Mapping[str, Any], where: str) -> None:
    for name, words in _MUST_EQUAL.items():
        if name in then and then[name] != now.get(name):
            raise NotRepeatable(
                f"The {words}{where} is {now.get(name)!r} here and was {then[name]!r}. Get the "
                f"model {then.get('model')!r} as it was then, or separate the song anew."
            )


def compared(
    then: Manifest,
    now: Manifest,
    folder: Path,
    earlier: Path | None,
    check: Callable[[], None] = never_stop,
) -> RepetitionRecord:
    """Compare the delivered files of a repetition, in ``folder``, with those of the job.

    Files of other bytes are decoded where the earlier ones are in ``earlier`` and intact.
    """
    made = {record.name: record for record in now.artifacts}
    artifacts = tuple(
        _compared_file(record, made.get(record.name), folder, earlier, check)
        for record in then.artifacts
    )
    identical = all(each.is_identical for each in artifacts)
    reasons = () if identical else tuple(_differences(then, now))
    return RepetitionRecord(
        job_id=then.job_id, is_identical=identical, reasons=reasons, artifacts=artifacts
    )


def _compared_file(
    then: ArtifactRecord,
    now: ArtifactRecord | None,
    folder: Path,
    earlier: Path | None,
    check: Callable[[], None],
) -> RepeatedArtifact:
    if now is None:
        note = "the repetition has no such track"
    elif now.sha256 == then.sha256:
        return RepeatedArtifact(name=then.name, is_identical=True)
    elif (now.frames, now.channels) != (then.frames, then.channels):
        note = "it has another length or other channels"
    elif earlier is None or fault_of(then, earlier, check):
        note = "the earlier file is not here, or damaged, so the distance cannot be measured"
    else:
        pairs = _pairs(earlier / then.path, folder / now.path, check)
        try:
            sdr = sdr_of_blocks(pairs)
            return RepeatedArtifact(name=then.name, is_identical=False, sdr_db=sdr)
        except SeparationError as error:
            note = f"the distance cannot be measured: {error.detail}"
    return RepeatedArtifact(name=then.name, is_identical=False, note=note)


def _pairs(
    then: Path, now: Path, check: Callable[[], None]
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Blocks of two files of equal length. Both are of one format, so the blocks match."""
    with open_reader(then, sniff(then)) as first, open_reader(now, sniff(now)) as second:
        for one, other in zip(first.blocks(), second.blocks(), strict=False):
            check()
            frames = min(one.shape[1], other.shape[1])
            yield one[:, :frames], other[:, :frames]


def _differences(then: Manifest, now: Manifest) -> Iterator[str]:
    """What may explain other bits, in words."""
    before, after = _facts(then), _facts(now)
    for name in [*before, *(name for name in after if name not in before)]:
        if before.get(name) != after.get(name):
            there, here = before.get(name, "not there"), after.get(name, "not there")
            yield f"{name}: {there} then, {here} now"


def _facts(manifest: Manifest) -> dict[str, str]:
    ran = manifest.separation
    found = {name: str(getattr(ran, name)) for name in _MAY_DIFFER} if ran else {}
    metadata = manifest.metadata
    found |= {"processors": str(metadata.processor_count), "Python": str(metadata.python_version)}
    return {**found, "stemsite": str(metadata.code_version), **metadata.libraries}
