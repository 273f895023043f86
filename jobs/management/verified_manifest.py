"""Verifies the files of a manifest that lies anywhere, also without a site's database."""

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import DatabaseError

from jobs.models import Job
from separation.pipeline.manifest import (
    MANIFEST_NAME,
    Manifest,
    ManifestUnreadable,
    file_problems,
    load_manifest,
)
from separation.pipeline.manifest_digest import manifest_digest

_NO_DIGEST = "; the manifest's own digest is kept by the site that made it"


@dataclass(frozen=True)
class Verified:
    """``refusal``: why it cannot be verified. ``problems``: what does not hold, in sentences.
    ``note``: what could not be compared, as the end of a sentence."""

    name: str
    files: int = 0
    problems: tuple[str, ...] = ()
    refusal: str = ""
    note: str = ""


def verified_manifest(path: Path) -> Verified:
    """Verify the files beside a manifest; ``path`` is the manifest or its folder. Its own digest is
    compared where the database of this site knows its job."""
    file = path / MANIFEST_NAME if path.is_dir() else path
    try:
        text = file.read_bytes()
        manifest = load_manifest(text)
        refusal = _refusal(manifest)
        if refusal:
            return Verified(str(path), refusal=refusal)
        problems = file_problems(manifest, file.parent)
    except ManifestUnreadable as error:
        return Verified(str(path), refusal=str(error))
    except OSError as error:
        where = error.filename or file
        return Verified(str(path), refusal=f"{where} cannot be read ({error.strerror}).")
    own = _recorded_digest(manifest.job_id)
    if own and own != manifest_digest(json.loads(text)):
        problems.insert(0, f"{file.name} is not the manifest that this site recorded.")
    delivered = {record.path for record in manifest.artifacts}
    delivered |= {record.path for record in manifest.sidecars}
    note = "" if own else _NO_DIGEST
    return Verified(str(path), len(delivered) + 1, tuple(problems), note=note)


def _refusal(manifest: Manifest) -> str:
    if manifest.status != "completed":
        return f"its job is {manifest.status}, and only a completed job has files."
    if manifest.outputs and not manifest.artifacts:
        return "it is of version 1.0, which has no digests."
    return ""


def _recorded_digest(job_id: str) -> str:
    """Empty where this site does not know the job, or where there is no database."""
    try:
        found = Job.objects.filter(pk=UUID(job_id)).values_list("manifest_sha256", flat=True)
        return found.first() or ""
    except (DatabaseError, ValueError):
        return ""
