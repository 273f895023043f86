"""Separates the songs of a suite like jobs, in a runner."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from separation.audio.names import clean_name
from separation.errors import WorkerLost, error_from_code
from separation.evaluation.report import Identity
from separation.families import RESIDUAL
from separation.pipeline.manifest import Manifest, load_manifest
from separation.progress import Report, ignore_progress
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.protocol.messages import FailedEvent, FinishedEvent, ProgressEvent
from separation.request.separation_request import SeparationRequest
from separation.runner.client import RunnerProcess
from separation.stage_table import EXPORT, PREPARE, SEPARATION

_NEEDED = (PREPARE, SEPARATION, EXPORT)
_EXACT = {"format": "wav32f", "preview": False}
"""Float WAV keeps the stems unchanged at any level."""

_POLL_S = 0.5


@dataclass(frozen=True)
class Separated:
    """``stems``: a float file for each, in the separator's order. Seconds as in
    :class:`separation.evaluation.report.SongResult`."""

    stems: dict[str, Path]
    identity: Identity
    separation_s: float
    job_s: float
    notes: tuple[str, ...]


def evaluation_pipeline(request: SeparationRequest) -> tuple[StageRequest, ...]:
    """The stages of a job that deliver its stems unchanged, and no others."""
    exact = request.model_copy(update={**_EXACT, "stages": (SEPARATION,)})
    return tuple(stage for stage in exact.to_pipeline() if stage.name in _NEEDED)


def separate(
    runner: RunnerProcess,
    mixture: Path,
    name: str,
    folder: Path,
    pipeline: Sequence[StageRequest],
    *,
    report: Report = ignore_progress,
) -> Separated:
    """Separate one song into ``folder``. Raises the error of the job."""
    requested = next(str(s.params["separator"]) for s in pipeline if s.name == SEPARATION)
    spec = JobSpec(
        job_id=str(uuid.uuid4()),
        input_path=mixture,
        input_name=clean_name(name),
        job_dir=folder,
        pipeline=tuple(pipeline),
        created_at=datetime.now(UTC).isoformat(),
    )
    started = time.monotonic()
    for event in runner.events(spec, poll_s=_POLL_S):
        match event:
            case ProgressEvent():
                report(event.percent / 100, event.message)
            case FailedEvent():
                raise error_from_code(event.code, event.detail)
            case FinishedEvent():
                job_s = time.monotonic() - started
                return _separated(load_manifest(event.manifest), requested, folder, job_s)
    raise WorkerLost("The runner ended before the song was separated.")


def _separated(manifest: Manifest, requested: str, folder: Path, job_s: float) -> Separated:
    record, stage = manifest.separation, manifest.stage(SEPARATION)
    if record is None:
        raise WorkerLost("The runner did not say what separated the song.")
    return Separated(
        stems={
            made.name: folder / made.path
            for made in manifest.artifacts
            if made.stage == SEPARATION and made.name != RESIDUAL
        },
        identity=Identity(asked_for=requested, **record.model_dump()),
        separation_s=float(stage.details["seconds"]),
        job_s=job_s,
        notes=stage.warnings,
    )
