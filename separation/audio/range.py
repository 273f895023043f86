"""A stretch of a decoded song takes the place of the whole."""

from pathlib import Path

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatWriter
from separation.audio.metering.measure import SongMeasure
from separation.progress import Report


def keep_range(path: Path, start: int, frames: int, report: Report) -> SongMeasure:
    """Leave ``frames`` frames from ``start`` on of the canonical file at ``path``, in blocks.

    Returns the measures of what is left. What ``report`` raises leaves the file as it was.
    """
    part = path.with_name(f"{path.name}.part")
    measure = SongMeasure()
    try:
        with BlockReader(path) as reader, FloatWriter(part) as writer:
            for done in range(0, frames, BLOCK_FRAMES):
                block = reader.read(start + done, min(BLOCK_FRAMES, frames - done))
                measure.write(block)
                writer.write(block)
                report(done / frames)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return measure
