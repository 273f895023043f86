"""Find the boxes of an MP4 file, and add one to the user data of the movie.

ISO/IEC 14496-12, 4.2: a box is its length in 32 bits, four letters and its content. The length 1
means that a length of 64 bits follows the letters; 0 means that the box ends with the file.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEADER_BYTES = 8
_LONG_HEADER_BYTES = 16
_SHIFTED_AT_MOST_BYTES = 2**24
"""Limit of the bytes behind a new box, which are moved: tags and a cover, never sound."""


class BoxesBroken(Exception):
    """The boxes of the file are not as the pipeline writes them."""


@dataclass(frozen=True)
class Box:
    """``start`` of the header, ``content`` and ``end`` of the box are offsets in the file."""

    kind: bytes
    start: int
    content: int
    end: int


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two offsets, in their order. Raises ``BoxesBroken``."""
    while start + _HEADER_BYTES <= end:
        file.seek(start)
        head = file.read(_LONG_HEADER_BYTES)
        length, content = int.from_bytes(head[:4], "big"), start + _HEADER_BYTES
        if length == 1:
            length, content = int.from_bytes(head[8:16], "big"), start + _LONG_HEADER_BYTES
        elif length == 0:
            length = end - start
        if not content - start <= length <= end - start:
            raise BoxesBroken(f"the box {head[4:8]!r} at {start} has {length} bytes")
        yield Box(head[4:8], start, content, start + length)
        start += length


def find_boxes(file: BinaryIO, *path: bytes) -> list[Box]:
    """Return all boxes at a path such as ``moov``, ``trak``, ``tkhd``."""
    found = [Box(b"", 0, 0, file.seek(0, os.SEEK_END))]
    for kind in path:
        found = [
            box for outer in found for box in boxes(file, outer.content, outer.end)
            if box.kind == kind
        ]  # fmt: skip
    return found


def content_of(file: BinaryIO, box: Box) -> bytes:
    file.seek(box.content)
    return file.read(box.end - box.content)


def add_user_data(path: Path, kind: bytes, content: bytes) -> None:
    """Append one box to ``moov/udta`` without moving the sound.

    Raises ``BoxesBroken`` unless ``moov`` lies behind all sound, so that every offset into the
    sound stays valid.
    """
    with path.open("r+b") as file:
        moov = _only(find_boxes(file, b"moov"), "moov")
        if any(box.end > moov.start for box in find_boxes(file, b"mdat")):
            raise BoxesBroken("the movie's header is not behind its sound")
        user_data = find_boxes(file, b"moov", b"udta")
        box = _box(kind, content)
        if user_data:
            place, grown = _only(user_data, "udta").end, [moov, user_data[0]]
        else:
            place, grown, box = moov.end, [moov], _box(b"udta", box)
        _insert(file, place, box)
        for outer in grown:
            file.seek(outer.start)
            file.write((outer.end - outer.start + len(box)).to_bytes(4, "big"))


def _only(found: list[Box], name: str) -> Box:
    if len(found) != 1 or found[0].content - found[0].start != _HEADER_BYTES:
        raise BoxesBroken(f"there are {len(found)} boxes {name}, or one with a long header")
    return found[0]


def _box(kind: bytes, content: bytes) -> bytes:
    return (_HEADER_BYTES + len(content)).to_bytes(4, "big") + kind + content


def _insert(file: BinaryIO, place: int, added: bytes) -> None:
    if file.seek(0, os.SEEK_END) - place > _SHIFTED_AT_MOST_BYTES:
        raise BoxesBroken("too much lies behind the movie's user data")
    file.seek(place)
    behind = file.read()
    file.seek(place)
    file.write(added + behind)
