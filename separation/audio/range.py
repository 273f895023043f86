"""Cut a decoded song to a range of it."""

from pathlib import Path

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatWriter
from separation.audio.metering.measure import SongMeasure
from separation.progress import Report


def keep_range(path: Path, start: int, frames: int, report: Report) -> SongMeasure:
    """Cut the canonical file at ``path`` to the ``frames`` frames from ``start`` on, in blocks.

    Returns the measures of these frames. If ``report`` raises, the file stays as it was.
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
