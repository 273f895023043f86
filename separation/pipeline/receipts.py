"""Receipts of finished stages, so that a later attempt need not run them again.

A stage writes its receipt into its folder last, so a folder without one is unfinished work. A
receipt counts only when it has the key of the requested stage and every file has the size and
digest that the receipt states.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from separation.audio.tracks import Track
from separation.progress import never_stop
from separation.quality.report import QualityReport
from separation.stages.base import (
    ArtifactRecord,
    PipelineStage,
    SidecarRecord,
    Song,
    StageResult,
)
from separation.storage.atomic_files import FileDigest, digest_of, sync, write_durably
from separation.storage.checkpoints import RECORD_NAME

RECEIPT_NAME = "receipt.json"


class Receipt(BaseModel):
    """One finished stage. ``files`` are relative to the stage's folder; ``artifacts`` and
    ``sidecars`` lie in the job's folder and carry their own digests. Times are ISO 8601 with
    zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    version: int
    key: str
    params: dict[str, Any]
    song: Song | None
    tracks: tuple[Track, ...]
    artifacts: tuple[ArtifactRecord, ...]
    sidecars: tuple[SidecarRecord, ...] = ()
    files: dict[str, FileDigest]
    details: dict[str, Any]
    warnings: tuple[str, ...]
    quality: QualityReport | None = None
    started_at: str
    completed_at: str
    duration_s: float


def receipt_of(
    stage: PipelineStage[Any],
    key: str,
    result: StageResult,
    files: dict[str, FileDigest],
    *,
    started_at: str,
    completed_at: str,
    duration_s: float,
) -> Receipt:
    """The receipt of a stage that has just run.

    ``files``: the digests of all files in its folder. Times are ISO 8601 with their zone;
    ``duration_s`` is rounded to milliseconds.
    """
    return Receipt(
        stage=stage.name,
        version=stage.version,
        key=key,
        params=stage.params.model_dump(mode="json"),
        song=result.song,
        tracks=result.tracks,
        artifacts=result.artifacts,
        sidecars=result.sidecars,
        files=files,
        details=result.details,
        warnings=result.warnings,
        quality=result.quality,
        started_at=started_at,
        completed_at=completed_at,
        duration_s=round(duration_s, 3),
    )


def stage_key(
    *,
    input_digest: str,
    stage: str,
    version: int,
    params: dict[str, Any],
    key_material: dict[str, Any],
    previous: str | None,
) -> str:
    """Identifies a stage's output by everything that decides it: sha256 (hex) of canonical JSON."""
    inputs = {
        "input_digest": input_digest,
        "stage": stage,
        "version": version,
        "params": params,
        "key_material": key_material,
        "previous": previous,
    }
    return _digest_of_json(inputs)


def unfinished_key(key: str, made_with: dict[str, str]) -> str:
    """Identifies the unfinished output of a stage. The versions are part of it because two versions
    may compute slightly different sound, and one file must not contain both."""
    return _digest_of_json({"key": key, "made_with": made_with})


def _digest_of_json(value: dict[str, Any]) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def seal_files(folder: Path, check: Callable[[], None] = never_stop) -> dict[str, FileDigest]:
    """Push every file below ``folder`` to the disk and return its digest by relative path. Receipts
    and checkpoint records are left out. Raises what ``check`` raises."""
    sealed = {}
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync(path)
        elif path.name not in (RECEIPT_NAME, RECORD_NAME):
            sync(path)
            sealed[path.relative_to(folder).as_posix()] = digest_of(path, check)
    return sealed


def write_receipt(folder: Path, receipt: Receipt) -> None:
    write_durably(folder / RECEIPT_NAME, receipt.model_dump_json(indent=1).encode())


def load_receipt(
    folder: Path, *, key: str, job_dir: Path, check: Callable[[], None] = never_stop
) -> Receipt | None:
    """The receipt in ``folder`` when it has ``key`` and all its files are intact, else None.

    Reads every file once. Raises what ``check`` raises.
    """
    try:
        receipt = Receipt.model_validate_json((folder / RECEIPT_NAME).read_bytes())
    except (OSError, ValidationError):
        return None
    if receipt.key != key:
        return None
    intact = all(digest.matches(folder / name, check) for name, digest in receipt.files.items())
    records: list[ArtifactRecord | SidecarRecord] = [*receipt.artifacts, *receipt.sidecars]
    files_of = {record.path: record for record in records}.values()
    delivered = all(delivered_is_intact(record, job_dir, check) for record in files_of)
    return receipt if intact and delivered else None


def delivered_is_intact(
    record: ArtifactRecord | SidecarRecord, job_dir: Path, check: Callable[[], None] = never_stop
) -> bool:
    """Is the delivered file in the job's folder, with its size and digest?"""
    stated = FileDigest(sha256=record.sha256, size=record.size_bytes)
    return stated.matches(job_dir / record.path, check)
