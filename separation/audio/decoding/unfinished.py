"""Files of plain samples with an unfinished header, for example after a recorder lost its power.

A recording program first writes a header with the length 0, and the true length when it stops.
libsndfile trusts the 0. This module replaces it by the actual length.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from separation.audio.decoding.oversized import (
    OVERSIZED,
    ROUND,
    RawSound,
    oversized_wave,
    refuse_oversized_aiff,
)
from separation.audio.decoding.riff_chunks import MOST_CHUNKS, Order, find_chunk, is_sound, read_at
from separation.audio.decoding.sniff import Container

UNFINISHED = "The program that recorded the file did not finish it; all that is there was used."
_W64_GUID_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
"""Identifier of Wave64 chunks behind their four letters."""

_W64_HEAD_BYTES = 24
_AU_LENGTH_AT = 8


@dataclass(frozen=True)
class Correction:
    """``patches``: bytes that libsndfile reads instead of the file's, by offset. ``warning``: a
    sentence for the person. ``raw``: samples that libsndfile reads instead of the file."""

    patches: dict[int, bytes] = field(default_factory=dict)
    warning: str | None = None
    raw: RawSound | None = None


def corrected(path: Path, container: Container) -> Correction:
    """Return the correction of a header of WAV or a similar format; an empty one for most files.

    Raises ``UnsupportedFormat`` for sound above 4 GiB that no reader can read.
    """
    find = _FINDERS.get(container)
    if find is None:
        return Correction()
    with path.open("rb") as file:
        return find(file, file.seek(0, 2))


def _riff(file: BinaryIO, size: int) -> Correction:
    head = read_at(file, 0, 12)
    order: Order = "big" if head.startswith(b"RIFX") else "little"
    if size > ROUND:
        raw = oversized_wave(file, size, order)
        return Correction() if raw is None else Correction(warning=OVERSIZED, raw=raw)
    return _chunked(file, size, start=12, name=b"data", order=order)


def _rf64(file: BinaryIO, size: int) -> Correction:
    """RF64 (EBU Tech 3306), and BW64, which is the same with another name (ITU-R BS.2088)."""
    head = read_at(file, 0, 36)
    has_sizes = head[12:16] == b"ds64"
    patches = {}
    if head.startswith(b"BW64"):
        patches[0] = b"RF64" if has_sizes else b"RIFF"
    if not has_sizes:
        plain = _riff(file, size)
        return Correction(patches | plain.patches, plain.warning, plain.raw)
    stated = int.from_bytes(head[28:36], "little")
    data = find_chunk(file, size, start=12, name=b"data", order="little")
    if data is None or stated or not is_sound(file, data + 8, size, "little"):
        return Correction(patches)
    patches[28] = (size - data - 8).to_bytes(8, "little")
    return Correction(patches, UNFINISHED)


def _aiff(file: BinaryIO, size: int) -> Correction:
    if size > ROUND:
        refuse_oversized_aiff(file, size)
        return Correction()
    return _chunked(file, size, start=12, name=b"SSND", order="big")


def _au(file: BinaryIO, size: int) -> Correction:
    begin, length = (int.from_bytes(read_at(file, at, 4), "big") for at in (4, _AU_LENGTH_AT))
    # A length of four bytes overflows at 4 GiB.
    is_wrong = length == 0 or (begin + length - size) % ROUND == 0 != begin + length - size
    if begin >= size or not is_wrong:
        return Correction()
    warning = OVERSIZED if length else UNFINISHED
    return Correction({_AU_LENGTH_AT: (2**32 - 1).to_bytes(4, "big")}, warning)


def _w64(file: BinaryIO, size: int) -> Correction:
    at = 40
    for _ in range(MOST_CHUNKS):
        head = read_at(file, at, _W64_HEAD_BYTES)
        if len(head) < _W64_HEAD_BYTES or head[4:16] != _W64_GUID_TAIL:
            break
        length = int.from_bytes(head[16:], "little")
        if head.startswith(b"data"):
            actual = size - at
            if length > _W64_HEAD_BYTES or actual <= _W64_HEAD_BYTES:
                break
            return Correction({at + 16: actual.to_bytes(8, "little")}, UNFINISHED)
        # Chunks begin at multiples of eight bytes.
        at += max(length + -length % 8, _W64_HEAD_BYTES)
    return Correction()


def _chunked(file: BinaryIO, size: int, *, start: int, name: bytes, order: Order) -> Correction:
    """Correct a length of 0 before sound, or a length that ends in the middle of the sound."""
    at = find_chunk(file, size, start=start, name=name, order=order)
    if at is None:
        return Correction()
    length = int.from_bytes(read_at(file, at + 4, 4), order)
    claimed = int.from_bytes(read_at(file, 4, 4), order) + 8
    # Any data may follow the length that the file itself claims.
    end = size if length == 0 else min(size, claimed)
    behind = at + 8 + length + length % 2
    if behind + 1 >= end or not is_sound(file, behind, end, order):
        return Correction()
    return Correction({at + 4: (end - at - 8).to_bytes(4, order)}, UNFINISHED)


_FINDERS: dict[str, Callable[[BinaryIO, int], Correction]] = {
    "wav": _riff,
    "rf64": _rf64,
    "w64": _w64,
    "aiff": _aiff,
    "au": _au,
}
