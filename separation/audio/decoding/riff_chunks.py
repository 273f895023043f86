"""Chunks of RIFF and of AIFF: four letters, four bytes of length, and their content."""

from typing import BinaryIO, Literal

MOST_CHUNKS = 1000
Order = Literal["big", "little"]


def find_chunk(file: BinaryIO, size: int, *, start: int, name: bytes, order: Order) -> int | None:
    """Return the offset of the first chunk called ``name``, in a file of ``size`` bytes."""
    at = start
    for _ in range(MOST_CHUNKS):
        head = read_at(file, at, 8)
        if len(head) < 8:
            return None
        if head.startswith(name):
            return at
        length = int.from_bytes(head[4:], order)
        at += 8 + length + length % 2
        if at >= size:
            return None
    return None


def is_sound(file: BinaryIO, at: int, end: int, order: Order) -> bool:
    """Whether the bytes from ``at`` to ``end`` are sound: they are no sequence of chunks that ends
    exactly at ``end``."""
    for _ in range(MOST_CHUNKS):
        head = read_at(file, at, 8)
        name = head[:4]
        if len(head) < 8 or at + 8 > end or not (name.isascii() and name.decode().isprintable()):
            # There may be one byte of padding at the end.
            return end - at > 1
        length = int.from_bytes(head[4:], order)
        at += 8 + length + length % 2
        if at > end + 1:
            return True
    return False


def read_at(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)
