"""Chunks of RIFF, and of AIFF: four letters, four bytes of length, and what they hold."""

from typing import BinaryIO, Literal

MOST_CHUNKS = 1000
Order = Literal["big", "little"]


def find_chunk(file: BinaryIO, size: int, *, start: int, name: bytes, order: Order) -> int | None:
    """Where the first chunk of a name begins, in a file of ``size`` bytes."""
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
    """Whether bytes up to ``end`` are no chunks, which would follow each other exactly to there."""
    for _ in range(MOST_CHUNKS):
        head = read_at(file, at, 8)
        name = head[:4]
        if len(head) < 8 or at + 8 > end or not (name.isascii() and name.decode().isprintable()):
            # One byte of padding at the end may be there or not.
            return end - at > 1
        length = int.from_bytes(head[4:], order)
        at += 8 + length + length % 2
        if at > end + 1:
            return True
    return False


def read_at(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)
