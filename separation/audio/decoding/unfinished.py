"""Files of plain samples whose header was never finished, as when a recorder lost its power.

What a program that records writes first is a header with a length of 0; the true one follows when
it stops. libsndfile believes the 0. It is shown the length that is there instead.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from separation.audio.decoding.sniff import Container

UNFINISHED = "What recorded the file did not finish it; all that is there was used."
_MOST_CHUNKS = 1000
_W64_GUID_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
"""Of the chunks of Wave64, behind the four letters."""

_W64_HEAD_BYTES = 24
_AU_LENGTH_AT = 8
_Order = Literal["big", "little"]


@dataclass(frozen=True)
class Correction:
    """``patches``: what libsndfile shall see at offsets of the file; ``warning`` for the person."""

    patches: dict[int, bytes] = field(default_factory=dict)
    warning: str | None = None


def corrected(path: Path, container: Container) -> Correction:
    """What is to be seen otherwise in a header of WAV and its relatives; mostly nothing."""
    find = _FINDERS.get(container)
    if find is None:
        return Correction()
    with path.open("rb") as file:
        return find(file, file.seek(0, 2))


def _riff(file: BinaryIO, size: int) -> Correction:
    head = _at(file, 0, 12)
    order: _Order = "big" if head.startswith(b"RIFX") else "little"
    return _chunked(file, size, start=12, name=b"data", order=order)


def _rf64(file: BinaryIO, size: int) -> Correction:
    """RF64 (EBU Tech 3306), and BW64, which is the same with another name (ITU-R BS.2088)."""
    head = _at(file, 0, 36)
    has_sizes = head[12:16] == b"ds64"
    patches = {}
    if head.startswith(b"BW64"):
        patches[0] = b"RF64" if has_sizes else b"RIFF"
    if not has_sizes:
        plain = _chunked(file, size, start=12, name=b"data", order="little")
        return Correction(patches | plain.patches, plain.warning)
    stated = int.from_bytes(head[28:36], "little")
    data = _find_chunk(file, size, start=12, name=b"data", order="little")
    if data is None or stated or not _is_sound(file, data + 8, size, "little"):
        return Correction(patches)
    patches[28] = (size - data - 8).to_bytes(8, "little")
    return Correction(patches, UNFINISHED)


def _aiff(file: BinaryIO, size: int) -> Correction:
    return _chunked(file, size, start=12, name=b"SSND", order="big")


def _au(file: BinaryIO, size: int) -> Correction:
    begin, length = (int.from_bytes(_at(file, at, 4), "big") for at in (4, _AU_LENGTH_AT))
    if length or begin >= size:
        return Correction()
    return Correction({_AU_LENGTH_AT: (2**32 - 1).to_bytes(4, "big")}, UNFINISHED)


def _w64(file: BinaryIO, size: int) -> Correction:
    at = 40
    for _ in range(_MOST_CHUNKS):
        head = _at(file, at, _W64_HEAD_BYTES)
        if len(head) < _W64_HEAD_BYTES or head[4:16] != _W64_GUID_TAIL:
            break
        length = int.from_bytes(head[16:], "little")
        if head.startswith(b"data"):
            rest = size - at
            if length > _W64_HEAD_BYTES or rest <= _W64_HEAD_BYTES:
                break
            return Correction({at + 16: rest.to_bytes(8, "little")}, UNFINISHED)
        # Chunks begin at multiples of eight bytes.
        at += max(length + -length % 8, _W64_HEAD_BYTES)
    return Correction()


def _chunked(file: BinaryIO, size: int, *, start: int, name: bytes, order: _Order) -> Correction:
    """A length of 0 where sound follows, or one that ends in the middle of the sound."""
    at = _find_chunk(file, size, start=start, name=name, order=order)
    if at is None:
        return Correction()
    length = int.from_bytes(_at(file, at + 4, 4), order)
    claimed = int.from_bytes(_at(file, 4, 4), order) + 8
    # Behind what the file itself claims to be, anything may lie.
    end = size if length == 0 else min(size, claimed)
    behind = at + 8 + length + length % 2
    if behind + 1 >= end or not _is_sound(file, behind, end, order):
        return Correction()
    # The largest length means "to the end", however far that is.
    there = min(end - at - 8, 2**32 - 1)
    return Correction({at + 4: there.to_bytes(4, order)}, UNFINISHED)


def _find_chunk(file: BinaryIO, size: int, *, start: int, name: bytes, order: _Order) -> int | None:
    at = start
    for _ in range(_MOST_CHUNKS):
        head = _at(file, at, 8)
        if len(head) < 8:
            return None
        if head.startswith(name):
            return at
        length = int.from_bytes(head[4:], order)
        at += 8 + length + length % 2
        if at >= size:
            return None
    return None


def _is_sound(file: BinaryIO, at: int, end: int, order: _Order) -> bool:
    """Whether bytes up to ``end`` are no chunks, which would follow each other exactly to there."""
    for _ in range(_MOST_CHUNKS):
        head = _at(file, at, 8)
        name = head[:4]
        if len(head) < 8 or at + 8 > end or not (name.isascii() and name.decode().isprintable()):
            # One byte of padding at the end may be there or not.
            return end - at > 1
        length = int.from_bytes(head[4:], order)
        at += 8 + length + length % 2
        if at > end + 1:
            return True
    return False


def _at(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)


_FINDERS: dict[str, Callable[[BinaryIO, int], Correction]] = {
    "wav": _riff,
    "rf64": _rf64,
    "w64": _w64,
    "aiff": _aiff,
    "au": _au,
}
