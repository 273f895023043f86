"""Leftovers of a killed attempt in a job's folders."""

from pathlib import Path

from separation.storage.checkpoints import has_checkpoint

TEMPORARY_PREFIX = ".tmp-"
"""Prefix of the folder into which a stage writes; its name ends with the attempt's id."""


def unfinished(work: Path) -> list[Path]:
    """Return the folders of unfinished stages without a checkpoint; the next attempt continues from
    the others."""
    return [path for path in work.glob(f"{TEMPORARY_PREFIX}*") if not has_checkpoint(path)]


def torn_files(job_dir: Path) -> list[Path]:
    """Return unfinished files of :func:`separation.storage.atomic_files.write_durably` beside the
    manifest and in the folders of the job."""
    return [*job_dir.glob(".*.tmp"), *job_dir.glob("*/.*.tmp")]
