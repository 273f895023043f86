"""The manifest: what was requested, what ran and what came out; kept even without the audio.

Version 2 is a superset of the specification's 1.0. :func:`load_manifest` accepts every version
and :func:`separation.pipeline.manifest_migrations.migrate_manifest` converts old ones. A later
minor version only adds fields, which are kept when it is read and written. Paths are relative to
the job's folder, so the folder may be moved. The JSON Schema is published as
``docs/manifest.schema.json``; ``python -m separation.pipeline.manifest --schema`` writes it.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from separation.pipeline.manifest_migrations import (
    MANIFEST_VERSION,
    ManifestUnreadable,
    migrate_manifest,
)
from separation.pipeline.receipts import delivered_is_intact
from separation.progress import never_stop
from separation.quality.report import QualityReport
from separation.stages.base import ArtifactRecord, SidecarRecord, SongRange
from separation.storage.atomic_files import write_durably

__all__ = [
    "MANIFEST_NAME",
    "MANIFEST_VERSION",
    "InputRecord",
    "Manifest",
    "ManifestMetadata",
    "ManifestUnreadable",
    "MemberRecord",
    "RepeatedArtifact",
    "RepetitionRecord",
    "SeparationRecord",
    "StageRecord",
    "fault_of",
    "file_problems",
    "load_manifest",
    "manifest_schema",
    "migrate_manifest",
    "save_manifest",
    "schema_text",
    "verify_manifest",
]

MANIFEST_NAME = "manifest.json"
SCHEMA_PATH = Path("docs/manifest.schema.json")

JobStatus = Literal["pending", "processing", "completed", "failed", "cancelled"]
StageStatus = Literal["pending", "processing", "completed", "failed", "skipped"]


class _Record(BaseModel):
    # Keeps unknown fields of a later 2.x.
    model_config = ConfigDict(frozen=True, extra="allow")


class StageRecord(_Record):
    """One stage in the order of the pipeline. ``error`` is a sentence, ``error_code`` its stable
    code. ``key`` is a digest of everything that decides the output. ``reused``: kept from an
    earlier attempt, so the times are those of that attempt."""

    name: str
    processor_type: str
    status: StageStatus = "pending"
    started_at: str | None = None
    completed_at: str | None = None
    error: str | None = None
    error_code: str | None = None
    duration_seconds: float | None = None
    version: int | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    key: str | None = None
    reused: bool = False
    warnings: tuple[str, ...] = ()
    details: dict[str, Any] = Field(default_factory=dict)


class InputRecord(_Record):
    """The source file as decoding measured it; ``sha256`` is that of the file as it was sent."""

    sha256: str
    size_bytes: int
    duration_s: float | None = None
    frames: int | None = None
    sample_rate_hz: int | None = None
    channels: int | None = None
    container: str | None = None
    codec: str | None = None


class MemberRecord(_Record):
    """One member of an ensemble of separators; ``weights`` by stem, ``*`` for all other stems."""

    separator: str
    model: str
    version: str
    weights_digest: str
    engine: str
    precision: str
    device: str
    weights: dict[str, float] = Field(default_factory=dict)


class SeparationRecord(_Record):
    """What separated the song, exact enough to repeat it. ``source_digest``: sha256 of the
    checkpoint that the weights were converted from, None where nothing was converted.
    ``members``: those of an ensemble."""

    separator: str
    model: str
    version: str
    weights_digest: str
    engine: str
    precision: str
    device: str
    seed: int | None = None
    source_digest: str | None = None
    members: tuple[MemberRecord, ...] = ()


class ManifestMetadata(_Record):
    """Where and with what the job ran. ``models`` and ``settings`` hold at least what the
    specification names: {separator, version} and {target_db, device}."""

    processor_count: int | None = None
    python_version: str | None = None
    device: str | None = None
    models: dict[str, Any] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    code_version: str | None = None
    libraries: dict[str, str] = Field(default_factory=dict)


class RepeatedArtifact(_Record):
    """One file against that of the repeated job. ``sdr_db``: energy of the earlier sound over that
    of the difference to it, in dB; None for identical files and where ``note`` says why."""

    name: str
    is_identical: bool
    sdr_db: float | None = None
    note: str = ""


class RepetitionRecord(_Record):
    """The comparison with the job that this job repeats. ``reasons``: what differs in engine,
    processor and libraries, in words; it may explain other bits."""

    job_id: str
    is_identical: bool
    reasons: tuple[str, ...] = ()
    artifacts: tuple[RepeatedArtifact, ...] = ()


class Manifest(_Record):
    """One job. ``outputs`` names each track's file, ``artifacts`` describes it in full;
    ``sidecars`` are files for the portal, such as previews. ``quality``: the report on the stems;
    None where there are no stems, and in manifests that are older than this report.

    ``replaces``: the earlier job of the same song that this job replaces. ``repeats``: the job that
    this job ran again exactly, since 2.1. ``preset``: the name of
    the preset that was chosen; the resulting parameters are with the stages. ``range``: the part
    of the song that was processed, None for the whole; ``input`` always describes the whole
    song."""

    job_id: str
    input_file: str
    created_at: str
    version: str = Field(default=MANIFEST_VERSION, pattern=r"^2\.(0|[1-9][0-9]*)$")
    status: JobStatus
    completed_at: str | None = None
    error: str | None = None
    error_code: str | None = None
    replaces: str | None = None
    repeats: RepetitionRecord | None = None
    preset: str | None = None
    range: SongRange | None = None
    stages: tuple[StageRecord, ...] = ()
    outputs: dict[str, str] = Field(default_factory=dict)
    metadata: ManifestMetadata = ManifestMetadata()
    input: InputRecord | None = None
    separation: SeparationRecord | None = None
    artifacts: tuple[ArtifactRecord, ...] = ()
    sidecars: tuple[SidecarRecord, ...] = ()
    quality: QualityReport | None = None

    def stage(self, name: str) -> StageRecord:
        """The record of one stage. Raises ``KeyError``."""
        for record in self.stages:
            if record.name == name:
                return record
        raise KeyError(name)


def load_manifest(source: dict[str, Any] | bytes | Path) -> Manifest:
    """Read a manifest of any version, from its values, its text or its file.

    Raises ``ManifestUnreadable`` for text that is not JSON, for a version newer than this code,
    and where a required field is missing.
    """
    if isinstance(source, Path):
        source = source.read_bytes()
    if isinstance(source, bytes):
        source = _parse(source)
    try:
        return Manifest.model_validate(migrate_manifest(source))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ManifestUnreadable(f"The manifest's {where} is wrong: {first['msg']}.") from error


def _parse(text: bytes) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ManifestUnreadable(f"The manifest is not JSON: {error}.") from error
    if not isinstance(data, dict):
        raise ManifestUnreadable("The manifest is not a JSON object.")
    return data


def save_manifest(manifest: Manifest, job_dir: Path) -> None:
    """Replace ``job_dir/manifest.json`` in one step."""
    write_durably(job_dir / MANIFEST_NAME, manifest.model_dump_json(indent=2).encode() + b"\n")


def verify_manifest(job_dir: Path, check: Callable[[], None] = never_stop) -> list[str]:
    """What is wrong with a job's files, in sentences; empty when all files match the manifest.

    Reads every file once. Raises ``ManifestUnreadable`` or ``OSError`` when there is no manifest,
    and what ``check`` raises.
    """
    return file_problems(load_manifest(job_dir / MANIFEST_NAME), job_dir, check)


def file_problems(
    manifest: Manifest, job_dir: Path, check: Callable[[], None] = never_stop
) -> list[str]:
    """As :func:`verify_manifest`, for a manifest that is not in the folder of the files."""
    recorded = {record.path for record in manifest.artifacts}
    problems = [
        f"{name}: {path} is missing."
        for name, path in manifest.outputs.items()
        if path not in recorded and not (job_dir / path).is_file()
    ]
    delivered: list[tuple[str, ArtifactRecord | SidecarRecord]] = [
        *((record.name, record) for record in manifest.artifacts),
        *((PurePosixPath(record.path).name, record) for record in manifest.sidecars),
    ]
    faults: dict[tuple[str, str], str] = {}
    for name, record in delivered:
        # Several names may have one file.
        file = (record.path, record.sha256)
        if file not in faults:
            faults[file] = fault_of(record, job_dir, check)
        if faults[file]:
            problems.append(f"{name}: {record.path} {faults[file]}.")
    return problems


def fault_of(
    record: ArtifactRecord | SidecarRecord, job_dir: Path, check: Callable[[], None] = never_stop
) -> str:
    """What is wrong with the file of a record, as the end of a sentence; empty for nothing."""
    if not (job_dir / record.path).is_file():
        return "is missing"
    intact = delivered_is_intact(record, job_dir, check)
    return "" if intact else "is not the file that was delivered"


def manifest_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the version that this code writes."""
    schema = Manifest.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """The published document."""
    return json.dumps(manifest_schema(), indent=2) + "\n"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m separation.pipeline.manifest")
    parser.add_argument("--schema", action="store_true", required=True, help="write the schema")
    parser.add_argument("--out", type=Path, default=SCHEMA_PATH)
    options = parser.parse_args(arguments)
    options.out.write_text(schema_text())


if __name__ == "__main__":
    main()
