"""Keeps the manifest of a running job: each change is on disk before its event is sent."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from separation import CODE_VERSION
from separation.errors import Cancelled, SeparationError
from separation.pipeline.manifest import (
    InputRecord,
    Manifest,
    ManifestMetadata,
    RepetitionRecord,
    SeparationRecord,
    StageRecord,
    save_manifest,
)
from separation.pipeline.receipts import Receipt
from separation.protocol.jobspec import JobSpec
from separation.stages.base import PipelineStage, Song
from separation.storage.atomic_files import FileDigest
from separation.storage.fence import AttemptFence

_LIBRARIES = (
    "numpy", "scipy", "soundfile", "soxr", "av", "librosa", "mutagen", "torch", "torchaudio",
    "demucs", "openvino",
)  # fmt: skip


def now_iso() -> str:
    """The time as manifests write it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def manifest_parameters(stage: PipelineStage[Any]) -> dict[str, Any]:
    """A stage's parameters for the manifest. Of a path only the last name is kept, because a reader
    of the manifest need not know the folders of the server."""
    values = stage.params.model_dump(mode="json")
    paths = {name: value for name, value in stage.params if isinstance(value, Path)}
    return {**values, **{name: path.name for name, path in paths.items()}}


class ManifestWriter:
    """One job's manifest in memory and on disk; nothing is written after ``fence`` is lost.

    ``has_begun``: whether the manifest of this attempt takes the place of an earlier one.
    """

    def __init__(self, spec: JobSpec, fence: AttemptFence) -> None:
        self._job_dir = spec.job_dir
        self._fence = fence
        self.has_begun = False
        self.manifest = Manifest(
            job_id=spec.job_id,
            input_file=spec.input_name,
            created_at=spec.created_at,
            replaces=spec.replaces,
            preset=spec.preset,
            status="processing",
            metadata=ManifestMetadata(
                processor_count=os.cpu_count(),
                python_version=platform.python_version(),
                settings=_recorded_settings(spec),
                code_version=CODE_VERSION,
                libraries=_library_versions(),
            ),
        )

    def begin(self, stages: Sequence[PipelineStage[Any]], source: FileDigest) -> None:
        records = tuple(
            StageRecord(
                name=stage.name,
                processor_type=stage.processor_type,
                version=stage.version,
                parameters=manifest_parameters(stage),
            )
            for stage in stages
        )
        known = InputRecord(sha256=source.sha256, size_bytes=source.size)
        self.has_begun = True
        self._save(stages=records, input=known)

    def stage_began(self, name: str) -> None:
        self._save(stages=self._with(name, status="processing", started_at=now_iso()))

    def stage_ended(self, receipt: Receipt, *, reused: bool) -> None:
        """Copy the results of a finished stage into the manifest."""
        stages = self._with(
            receipt.stage,
            status="completed",
            started_at=receipt.started_at,
            completed_at=receipt.completed_at,
            duration_seconds=receipt.duration_s,
            key=receipt.key,
            reused=reused,
            warnings=receipt.warnings,
            details=receipt.details,
        )
        changes: dict[str, Any] = {"stages": stages}
        if receipt.song is not None:
            changes["input"] = self._measured_input(receipt.song)
            changes["range"] = receipt.song.range
        if receipt.stage == "separation":
            changes.update(self._separation(receipt.details))
        if receipt.artifacts:
            changes["artifacts"] = receipt.artifacts
            changes["outputs"] = {record.name: record.path for record in receipt.artifacts}
        if receipt.quality is not None:
            changes["quality"] = receipt.quality
        if receipt.sidecars:
            changes["sidecars"] = (*self.manifest.sidecars, *receipt.sidecars)
        self._save(**changes)

    def completed(self, repeats: RepetitionRecord | None = None) -> None:
        self._save(status="completed", completed_at=now_iso(), repeats=repeats)

    def failed(self, stage: str | None, error: SeparationError) -> None:
        """Mark the stage and the job failed; after a cancel, mark the unfinished stages skipped."""
        cancelled = isinstance(error, Cancelled)
        stages = self.manifest.stages
        if cancelled:
            stages = tuple(
                record
                if record.status == "completed"
                else record.model_copy(update={"status": "skipped"})
                for record in stages
            )
        elif stage is not None:
            stages = self._with(
                stage,
                status="failed",
                completed_at=now_iso(),
                error=error.detail,
                error_code=error.code,
                details={**self.manifest.stage(stage).details, **error.details},
            )
        self._save(
            status="cancelled" if cancelled else "failed",
            completed_at=now_iso(),
            error=error.detail,
            error_code=error.code,
            stages=stages,
        )

    def _with(self, name: str, **changes: Any) -> tuple[StageRecord, ...]:
        return tuple(
            record.model_copy(update=changes) if record.name == name else record
            for record in self.manifest.stages
        )

    def _save(self, **changes: Any) -> None:
        """Raises ``WorkerLost`` when another attempt holds the job's folder."""
        self._fence.check()
        self.manifest = self.manifest.model_copy(update=changes)
        save_manifest(self.manifest, self._job_dir)

    def _measured_input(self, song: Song) -> InputRecord:
        assert self.manifest.input is not None
        whole = song.range
        return self.manifest.input.model_copy(
            update={
                "duration_s": whole.song_s if whole else song.duration_s,
                "frames": whole.song_frames if whole else song.source_frames,
                "sample_rate_hz": song.source_rate_hz,
                "channels": song.source_channels,
                "container": song.container,
                "codec": song.codec,
            }
        )

    def _separation(self, details: dict[str, Any]) -> dict[str, Any]:
        record = SeparationRecord.model_validate(details)
        models = {
            "separator": record.separator,
            "version": record.version,
            "model": record.model,
            "weights_digest": record.weights_digest,
        }
        metadata = self.manifest.metadata.model_copy(
            update={"device": record.device, "models": models}
        )
        return {"separation": record, "metadata": metadata}


def _recorded_settings(spec: JobSpec) -> dict[str, Any]:
    """The two settings that the specification names; all others are with their stages."""
    params = {request.name: request.params for request in spec.pipeline}
    return {
        "target_db": params.get("normalization", {}).get("target_db"),
        "device": params.get("separation", {}).get("device", "auto"),
    }


def made_with() -> dict[str, str]:
    """The versions of stemsite and of every library that processes sound."""
    return {"stemsite": CODE_VERSION, **_library_versions()}


def _library_versions() -> dict[str, str]:
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
