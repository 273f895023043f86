"""What an attempt that was killed leaves behind in a job's folder of intermediates."""

from pathlib import Path

from separation.storage.checkpoints import has_checkpoint

TEMPORARY_PREFIX = ".tmp-"
"""Of the folder into which a stage writes; the attempt's name is its end."""


def unfinished(work: Path) -> list[Path]:
    """Folders of stages that did not come to their end, but for those that hold a checkpoint from
    which the next attempt goes on."""
    return [path for path in work.glob(f"{TEMPORARY_PREFIX}*") if not has_checkpoint(path)]


def torn_files(job_dir: Path) -> list[Path]:
    """What :func:`separation.storage.atomic_files.write_durably` had begun to write beside the
    manifest, or in the folder of intermediates."""
    return [*job_dir.glob(".*.tmp"), *job_dir.glob("*/.*.tmp")]
