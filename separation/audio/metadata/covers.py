"""Clean untrusted cover pictures: keep only the parts of a file that its picture needs.

The coded picture stays as it was. Place and camera (EXIF, XMP), comments, thumbnails, further
pictures and all other appended data are removed.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAX_COVER_BYTES = 8 * 1024 * 1024
MAX_COVER_SIDE_PX = 8_000
"""A file of a few bytes may claim a size that fills the memory of the program that shows it."""

_MAX_PARTS = 20_000

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"IDAT", b"IEND")

_JPEG_START, _JPEG_END = b"\xff\xd8", 0xD9
_FRAMES = (0xC0, 0xC1, 0xC2)
"""Baseline, extended and progressive: the kinds in use (ITU-T T.81, table B.1)."""

_SCAN = 0xDA
_JPEG_KEPT = (*_FRAMES, 0xC4, 0xDB, 0xDD, _SCAN)
_BEFORE_MARKER = re.compile(rb"\xff+")
"""A marker may begin with any number of 0xFF (T.81, B.1.1.2)."""

_BEHIND_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The next marker behind coded data, in which 0 or the number of a restart follows each 0xFF (T.81,
B.1.1.5)."""

_ADOBE = 0xEE
"""Segment of twelve bytes that states how the colours are stored (T.872, 6.5.3)."""


@dataclass(frozen=True)
class Cover:
    """``mime``: ``image/jpeg`` or ``image/png``."""

    data: bytes
    mime: str


class _Broken(Exception):
    """The data is no supported picture, or an incomplete one."""


def clean_cover(data: bytes) -> Cover | None:
    """Return the picture in ``data`` and nothing else, or ``None`` where none can be shown.

    Returns ``None`` for other kinds than JPEG and PNG, for a file that is cut off or has a damaged
    structure, for more than ``MAX_COVER_BYTES``, and for sides above ``MAX_COVER_SIDE_PX``. A
    cleaned cover does not change when it is cleaned again.
    """
    if len(data) > MAX_COVER_BYTES:
        return None
    try:
        if data.startswith(_PNG_START):
            return Cover(_PNG_START + b"".join(_png_chunks(data)), "image/png")
        if data.startswith(_JPEG_START):
            return Cover(_JPEG_START + b"".join(_jpeg_segments(data)), "image/jpeg")
    except _Broken:
        pass
    return None


def _png_chunks(data: bytes) -> Iterator[bytes]:
    """Yield the kept chunks unchanged, from IHDR to IEND (W3C PNG, 5.3)."""
    at = len(_PNG_START)
    for number in range(_MAX_PARTS):
        kind = data[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        body, checksum = data[at + 8 : end - 4], data[end - 4 : end]
        if (number == 0) != (kind == b"IHDR") or end > len(data):
            raise _Broken
        if zlib.crc32(kind + body) != int.from_bytes(checksum, "big"):
            raise _Broken
        if kind == b"IHDR":
            _check_sides(body[:4], body[4:8])
        if kind in _PNG_KEPT:
            yield data[at:end]
        if kind == b"IEND":
            return
        at = end
    raise _Broken


def _jpeg_segments(data: bytes) -> Iterator[bytes]:
    """Yield the kept segments unchanged, each with its coded data, up to the end of image."""
    at, has_frame, has_scan = len(_JPEG_START), False, False
    for _ in range(_MAX_PARTS):
        if (before := _BEFORE_MARKER.match(data, at)) is None or before.end() >= len(data):
            raise _Broken
        at = before.end() - 1
        marker = data[before.end()]
        if marker == _JPEG_END:
            if not has_scan:
                raise _Broken
            yield data[at : at + 2]
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : end]
        if end > len(data) or end < at + 4:
            raise _Broken
        if marker in _FRAMES:
            _check_sides(body[1:3], body[3:5])
            has_frame = True
        if marker == _SCAN:
            if not has_frame or (found := _BEHIND_SCAN.search(data, end)) is None:
                raise _Broken
            end, has_scan = found.start(), True
        if marker in _JPEG_KEPT or (marker == _ADOBE and body[:5] == b"Adobe" and len(body) == 12):
            yield data[at:end]
        at = end
    raise _Broken


def _check_sides(*sides: bytes) -> None:
    if not all(1 <= int.from_bytes(side, "big") <= MAX_COVER_SIDE_PX for side in sides):
        raise _Broken
