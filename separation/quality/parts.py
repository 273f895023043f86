"""Whether the parts of a stem that was split again sum to it."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES
from separation.audio.tracks import Track, TrackReader
from separation.families import RESIDUAL, own_part
from separation.progress import Report, ignore_progress
from separation.quality.report import PartsQuality
from separation.quality.rules import RESIDUAL_DB, SUMS_EXACTLY_DB
from separation.quality.words import decibels


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

    ``complete``: they are all that the model gives, so that they should be the parent.
    ``overlapping``: one sound may be in several of them; then nothing is measured.
    """
    names = tuple(own_part(part.name) for part in parts)
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
        return f"Only some of the parts were asked for; what they leave is in “{RESIDUAL}”."
    if is_exact or (residual_db is not None and residual_db <= SUMS_EXACTLY_DB):
        return "Together the parts are exactly the stem."
    if residual_db is None:
        return "The stem is silent."
    told = f"a rest {decibels(-residual_db)} below it, which is in “{RESIDUAL}”"
    if flagged:
        return f"Together the parts are not the stem: they leave {told}."
    return f"Together the parts are the stem but for {told}."


def _residual_db(
    parent: Track, parts: Sequence[Track], work_dir: Path, report: Report
) -> tuple[float | None, bool]:
    """Against the parent, RMS; None where there is none or nothing to hold it against, and whether
    there is none."""
    whole = rest = 0.0
    with ExitStack() as stack:
        reader = stack.enter_context(TrackReader(parent, work_dir))
        others = [stack.enter_context(TrackReader(part, work_dir)) for part in parts]
        for start in range(0, reader.frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, reader.frames - start)
            left = reader.read(start, count).astype(np.float64)
            whole += float(np.square(left).sum())
            for other in others:
                left -= other.read(start, count)
            rest += float(np.square(left).sum())
            report((start + count) / reader.frames)
    if whole <= 0 or rest <= 0:
        return None, rest <= 0 < whole
    return round(10 * math.log10(rest / whole), 2), False
