"""Checks whether the parts of a split stem sum to the stem."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES
from separation.audio.tracks import Track, TrackReader
from separation.families import RESIDUAL, child_part
from separation.progress import Report, ignore_progress
from separation.quality.explanations import decibels
from separation.quality.report import PartsQuality
from separation.quality.rules import RESIDUAL_DB, SUMS_EXACTLY_DB


def judge_parts(
    parent: Track,
    parts: Sequence[Track],
    work_dir: Path,
    *,
    complete: bool,
    overlapping: bool,
    report: Report = ignore_progress,
) -> PartsQuality:
    """Read the parent and its ``parts``, without their residual, once, in blocks.

    ``complete``: the parts are all parts of the model, so their sum should be the parent.
    ``overlapping``: one sound may be in several parts; then nothing is measured.
    """
    names = tuple(child_part(part.name) for part in parts)
    if overlapping:
        return PartsQuality(
            parent=parent.name,
            parts=names,
            complete=False,
            overlapping=True,
            residual_db=None,
            is_flagged=False,
            reason="These parts overlap: one sound may be in several of them, so their sum says "
            "nothing.",
        )
    residual_db, is_exact = _residual_db(parent, parts, work_dir, report)
    flagged = complete and residual_db is not None and residual_db >= RESIDUAL_DB
    return PartsQuality(
        parent=parent.name,
        parts=names,
        complete=complete,
        overlapping=False,
        residual_db=residual_db,
        is_flagged=flagged,
        reason=_reason(residual_db, complete=complete, is_exact=is_exact, flagged=flagged),
    )


def _reason(residual_db: float | None, *, complete: bool, is_exact: bool, flagged: bool) -> str:
    if not complete:
        return f"Only some of the parts were requested; what they leave is in “{RESIDUAL}”."
    if is_exact or (residual_db is not None and residual_db <= SUMS_EXACTLY_DB):
        return "Together the parts are exactly the stem."
    if residual_db is None:
        return "The stem is silent."
    residual = f"a rest {decibels(-residual_db)} below it, which is in “{RESIDUAL}”"
    if flagged:
        return f"Together the parts are not the stem: they leave {residual}."
    return f"Together the parts are the stem but for {residual}."


def _residual_db(
    parent: Track, parts: Sequence[Track], work_dir: Path, report: Report
) -> tuple[float | None, bool]:
    """Return the level of the residual against the parent (RMS), and whether the parts sum exactly
    to the parent. The level is ``None`` without a residual or for a silent parent."""
    parent_energy = residual_energy = 0.0
    with ExitStack() as stack:
        reader = stack.enter_context(TrackReader(parent, work_dir))
        part_readers = [stack.enter_context(TrackReader(part, work_dir)) for part in parts]
        for start in range(0, reader.frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, reader.frames - start)
            residual = reader.read(start, count).astype(np.float64)
            parent_energy += float(np.square(residual).sum())
            for part_reader in part_readers:
                residual -= part_reader.read(start, count)
            residual_energy += float(np.square(residual).sum())
            report((start + count) / reader.frames)
    if parent_energy <= 0 or residual_energy <= 0:
        return None, residual_energy <= 0 < parent_energy
    return round(10 * math.log10(residual_energy / parent_energy), 2), False
