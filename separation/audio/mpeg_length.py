"""Whether a MP3 holds more than its first frame says: libsndfile would stop there.

Songs put one behind the other, and some damaged tags, are like that.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

from separation.audio.mpeg_frames import id3_bytes, mpeg_frame_bytes

_TAGS = (b"Xing", b"Info")
_TAG_WINDOW_BYTES = 64
"""The tag follows the side information, at most 36 bytes behind the frame's beginning."""

_HAS_FRAMES = 1
_TOLERATED_FRAMES = 1
"""Encoders count the frame of the tag itself, or do not."""


def states_too_little(path: Path) -> bool:
    """Counts frames by their headers alone, so what is there of a frame need not decode."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            frames = _frames(content)
            first = next(frames, None)
            if first is None:
                return False
            stated = _stated(content[first : first + _TAG_WINDOW_BYTES])
            most = None if stated is None else stated + _TOLERATED_FRAMES
            return most is not None and any(count > most for count, _ in enumerate(frames, 1))


def _stated(head: bytes) -> int | None:
    """Frames that a Xing tag claims (they do not include the one that it is in)."""
    at = max(head.find(tag) for tag in _TAGS)
    if at < 0 or not int.from_bytes(head[at + 4 : at + 8], "big") & _HAS_FRAMES:
        return None
    return int.from_bytes(head[at + 8 : at + 12], "big")


def _frames(content: mmap.mmap) -> Iterator[int]:
    """Where each frame begins; what is no frame is stepped over."""
    at, size = id3_bytes(content[:10]), len(content)
    while at + 4 <= size:
        length = mpeg_frame_bytes(content[at : at + 4])
        follower = content[at + length : at + length + 4]
        if length and (at + length >= size or mpeg_frame_bytes(follower) or follower[:3] == b"ID3"):
            yield at
            at += length
        elif content[at : at + 3] == b"ID3":
            at += max(id3_bytes(content[at : at + 10]), 1)
        else:
            at = content.find(b"\xff", at + 1)
            if at < 0:
                return
