"""Converts old manifests to the version that this code writes."""

from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final

from separation.errors import InvalidOptions
from separation.families import FAMILIES, SEPARATED_SUFFIX

MANIFEST_VERSION: Final = "2.0"

_FOLDERS = frozenset(family.folder for family in FAMILIES if family.folder)


class ManifestUnreadable(InvalidOptions):
    """A manifest that cannot be parsed, or whose version this code does not support."""


def migrate_manifest(data: dict[str, Any]) -> dict[str, Any]:
    """The same manifest in the newest version, with defaults for what the old one lacks.

    ``data`` is not modified. Raises ``ManifestUnreadable`` for an unknown version.
    """
    version = str(data.get("version", "1.0"))
    if version == "1.0":
        return _from_1_0(data)
    if version.split(".")[0] == MANIFEST_VERSION.split(".")[0]:
        return {**data, "version": MANIFEST_VERSION}
    raise ManifestUnreadable(
        f"The manifest has version {version!r}; this stemsite reads 1.0 to {MANIFEST_VERSION}. "
        "Update stemsite to read it."
    )


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
