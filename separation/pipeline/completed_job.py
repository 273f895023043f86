"""Finds the result of an earlier attempt that completed the same job.

A worker may die after its runner completed a job and before the worker recorded that.
"""

from collections.abc import Callable, Sequence
from typing import Any

from separation.pipeline.manifest import (
    MANIFEST_NAME,
    Manifest,
    StageRecord,
    load_manifest,
    verify_manifest,
)
from separation.pipeline.manifest_migrations import ManifestUnreadable
from separation.pipeline.manifest_writer import manifest_parameters
from separation.protocol.jobspec import JobSpec
from separation.stage_table import PREPARE, RUNS_SEPARATORS
from separation.stages.base import PipelineStage

KeyOf = Callable[[PipelineStage[Any], str | None], str]
"""The key of a stage's output, from the stage and the key of the stage before it."""


def completed_before(
    spec: JobSpec,
    stages: Sequence[PipelineStage[Any]],
    key_of: KeyOf,
    check: Callable[[], None],
) -> Manifest | None:
    """The manifest of a completed attempt with the same stages and intact files, else None.

    Reads every delivered file once. Raises what ``key_of`` and ``check`` raise.
    """
    earlier = completed_manifest(spec)
    if earlier is None:
        return None
    if not _same_stages(stages, earlier.stages) or not _same_keys(stages, earlier.stages, key_of):
        return None
    return earlier if not verify_manifest(spec.job_dir, check) else None


def completed_manifest(spec: JobSpec) -> Manifest | None:
    """The manifest on disk if it says that an attempt completed the job; reads no other file."""
    try:
        earlier = load_manifest(spec.job_dir / MANIFEST_NAME)
    except (OSError, ManifestUnreadable):
        return None
    is_completed = earlier.job_id == spec.job_id and earlier.status == "completed"
    return earlier if is_completed else None


def _same_stages(stages: Sequence[PipelineStage[Any]], records: Sequence[StageRecord]) -> bool:
    requested = [(stage.name, stage.version, manifest_parameters(stage)) for stage in stages]
    return requested == [(record.name, record.version, record.parameters) for record in records]


def _same_keys(
    stages: Sequence[PipelineStage[Any]], records: Sequence[StageRecord], key_of: KeyOf
) -> bool:
    """Compares the keys that are known before anything runs. The output of every other stage
    follows from these and from the parameters."""
    keys: dict[str, str] = {}
    previous: str | None = None
    for stage in stages:
        if stage.name in (PREPARE, *RUNS_SEPARATORS):
            keys[stage.name] = previous = key_of(stage, previous)
    recorded = {record.name: record.key for record in records}
    return all(recorded[name] == key for name, key in keys.items())
