"""Thumbnails of covers, for lists of songs; a separate child process decodes each cover.

A cover is hostile data, and a picture decoder may crash like a sound decoder. Such a crash must not
stop the song, so another child than the song's decodes the cover.
"""

import logging
from pathlib import Path

from separation.audio.decoding.child_process import run_child
from separation.audio.metadata.covers import clean_cover
from separation.errors import SeparationError

SIDE_PX = 192
"""Twice the largest size on a page, for screens with two dots per pixel."""

MEMORY_BYTES = 2**30
"""Limit of address space: a picture of 8000 by 8000 dots needs about 600 MB to unpack and cut."""

WALL_S = 10.0

_CHILD = "separation.audio.decoding.thumbnail_child"
_log = logging.getLogger("stage.listening")


def make_thumbnail(cover: bytes, target: Path) -> bool:
    """Write the middle square of ``cover`` to ``target``, a JPEG of at most ``SIDE_PX`` a side.

    A smaller picture is not enlarged. Returns False and leaves no file if the cover is no JPEG or
    PNG, or cannot be decoded.
    """
    picture = clean_cover(cover)
    if picture is None:
        return False
    source = target.with_suffix(".cover")
    source.write_bytes(picture.data)
    task = {
        "source": str(source.resolve()),
        "target": str(target.resolve()),
        "codec": "png" if picture.mime == "image/png" else "mjpeg",
        "side_px": SIDE_PX,
        "memory_bytes": MEMORY_BYTES,
        "cpu_s": WALL_S,
    }
    try:
        run_child(task, wall_s=WALL_S, on_progress=lambda _: None, program=_CHILD)
    except SeparationError as error:
        _log.info("the cover has no small picture: %s", error.detail)
        target.unlink(missing_ok=True)
        return False
    finally:
        source.unlink()
    return True
