"""Converts old manifests to the version that this code writes."""

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final

from separation.errors import InvalidOptions
from separation.families import FAMILIES, SEPARATED_SUFFIX

MANIFEST_VERSION: Final = "2.1"

READABLE_VERSIONS: Final = ("2.0", MANIFEST_VERSION)
"""The versions that the schema of this code describes: a minor version only adds fields."""

_FOLDERS = frozenset(family.folder for family in FAMILIES if family.folder)


class ManifestUnreadable(InvalidOptions):
    """A manifest that cannot be parsed, or whose version this code does not support."""


def migrate_manifest(data: dict[str, Any]) -> dict[str, Any]:
    """The same manifest in the newest version, with defaults for what the old one lacks.

    ``data`` is not modified. Unknown fields are kept, and so is the number of a later minor
    version. Raises ``ManifestUnreadable`` for an unknown version.
    """
    version = str(data.get("version", "1.0"))
    if version == "1.0":
        return _from_1_0(data)
    found, known = _numbers(version), _numbers(MANIFEST_VERSION)
    if found is not None and known is not None and found[0] == known[0]:
        # A later one keeps its number, as it keeps the fields that only that number explains.
        return {**data, "version": version if found > known else MANIFEST_VERSION}
    raise ManifestUnreadable(_refusal(version, is_newer=bool(found and known and found > known)))


def _numbers(version: str) -> tuple[int, int] | None:
    """Major and minor version; None for text that is no version."""
    found = re.fullmatch(r"(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})", version, re.ASCII)
    return (int(found[1]), int(found[2])) if found else None


def _refusal(version: str, *, is_newer: bool) -> str:
    reads = f"this stemsite reads 1.0 and 2.0 to {MANIFEST_VERSION}"
    if is_newer:
        return f"The manifest has version {version!r}; {reads}. Update stemsite to read it."
    return f"The manifest has version {version!r}, which no stemsite has written; {reads}."


def _from_1_0(data: dict[str, Any]) -> dict[str, Any]:
    """Version 1.0 has no digests, so the result has no artifacts: only ``outputs`` names files."""
    job_id = str(data.get("job_id", ""))
    outputs = data.get("outputs") or {}
    stages = data.get("stages") or []
    if not isinstance(outputs, dict) or not isinstance(stages, list):
        raise ManifestUnreadable("The manifest's outputs or stages are not what 1.0 describes.")
    completed = [stage.get("completed_at") for stage in stages if isinstance(stage, dict)]
    return {
        **data,
        "version": MANIFEST_VERSION,
        "outputs": {name: _relative(str(path), job_id) for name, path in outputs.items()},
        "stages": stages,
        "metadata": data.get("metadata") or {},
        "completed_at": completed[-1] if completed and data.get("status") == "completed" else None,
    }


def _relative(path: str, job_id: str) -> str:
    """Convert a path of 1.0 (absolute, or relative to the server's folder) to one that is relative
    to the job's folder.

    The name of the job's folder and everything before it is cut off. Where that name is missing,
    the path starts at the last known folder of tracks. ``..`` never leads out of the folder.
    """
    pure = PureWindowsPath(path) if "\\" in path else PurePosixPath(path)
    parts = [part for part in pure.parts if part not in (pure.anchor, "..", ".")]
    if job_id in parts:
        parts = parts[len(parts) - parts[::-1].index(job_id) :]
    elif pure.is_absolute():
        starts = [i for i, part in enumerate(parts) if _is_track_folder(part)]
        parts = parts[starts[-1] :] if starts else parts[-1:]
    return "/".join(parts)


def _is_track_folder(part: str) -> bool:
    return part in _FOLDERS or part.endswith(SEPARATED_SUFFIX)
