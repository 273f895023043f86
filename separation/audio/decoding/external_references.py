"""Refuse MP4 and QuickTime files whose sound is in another file; no reference is followed."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from separation.errors import UnsupportedFormat

_PATH = (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref")
_SELF_CONTAINED = 1
_MOST_BOXES = 10_000


def refuse_remote_references(path: Path) -> None:
    """Raise ``UnsupportedFormat`` if a track names another file or an address as its data
    (ISO/IEC 14496-12, 8.7.2). Malformed boxes pass; the decoder refuses them."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        if any(_is_remote(file, at, stop) for at, stop in _boxes(file, _PATH, 0, end)):
            raise UnsupportedFormat(
                "The file holds no sound of its own: it points to another file or address. "
                "Upload that one, or export it self-contained."
            )


def _boxes(file: BinaryIO, path: tuple[bytes, ...], at: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of the content of every box at ``path`` between ``at`` and ``end``."""
    for kind, begin, stop in _children(file, at, end):
        if kind != path[0]:
            continue
        if len(path) == 1:
            yield begin, stop
        else:
            yield from _boxes(file, path[1:], begin, stop)


def _children(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(16)
        size, begin = int.from_bytes(head[:4], "big"), at + 8
        if size == 1:
            size, begin = int.from_bytes(head[8:16], "big"), at + 16
        stop = end if size == 0 else min(at + size, end)
        if stop < begin:
            return
        yield head[4:8], begin, stop
        at = stop


def _is_remote(file: BinaryIO, at: int, end: int) -> bool:
    """Whether an entry of a ``dref`` box lacks the flag "self-contained"."""
    for _, begin, _ in _children(file, at + 8, end):
        file.seek(begin)
        version_and_flags = file.read(4)
        if len(version_and_flags) == 4 and not version_and_flags[3] & _SELF_CONTAINED:
            return True
    return False
