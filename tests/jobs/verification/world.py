"""A completed job with tracks, a preview and its manifest on the disk."""

import hashlib
import json
from typing import Any

from jobs.models import Job
from jobs.services.storage.files import MANIFEST_NAME
from separation.pipeline.manifest import Manifest
from separation.pipeline.manifest_digest import manifest_digest
from separation.stages.base import ArtifactRecord, SidecarRecord
from tests.factories import make_artifact, make_job

PREVIEW = "listen/vocals.m4a"


def make_verifiable(**overrides: Any) -> Job:
    job = make_job(status="completed", **overrides)
    rows = [make_artifact(job, name, path=f"out/{name}.wav") for name in ("vocals", "drums")]
    preview = job.directory / PREVIEW
    preview.parent.mkdir(parents=True)
    preview.write_bytes(b"sound" * 300)
    names = [name for name in ArtifactRecord.model_fields if name not in ("stage", "parent")]
    manifest = Manifest(
        job_id=str(job.pk),
        input_file="Song.wav",
        created_at="2026-01-02T03:04:05+00:00",
        status="completed",
        artifacts=tuple(
            ArtifactRecord.model_validate(
                {
                    "stage": row.stage_name,
                    **{name: getattr(row, name) for name in names},
                    "same_as": row.same_as or None,
                }
            )
            for row in rows
        ),
        outputs={row.name: row.path for row in rows},
        sidecars=(
            SidecarRecord(
                path=PREVIEW,
                sha256=hashlib.sha256(preview.read_bytes()).hexdigest(),
                size_bytes=preview.stat().st_size,
            ),
        ),
    ).model_dump(mode="json")
    job.manifest, job.manifest_sha256 = manifest, manifest_digest(manifest)
    job.save(update_fields=["manifest", "manifest_sha256"])
    (job.directory / MANIFEST_NAME).write_text(json.dumps(manifest, indent=2))
    return job


def change(job: Job, path: str) -> None:
    file = job.directory / path
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
