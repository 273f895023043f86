"""Headers of MPEG audio frames, and of the tags before them."""

import functools
import re
from typing import NamedTuple

# ISO/IEC 11172-3, 2.4.2.3, and 13818-3: kbit/s by bit-rate index, Hz by rate index.
_KBPS_V1 = {
    1: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_KBPS_V2 = {
    1: (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    3: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_V1_HZ = (44_100, 48_000, 32_000)

_TRAILERS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
"""The first bytes of tags that may follow the last frame, including those of the next song."""

_CHAIN = 4
"""Frames of one kind in a row that prove an MPEG stream. Noise contains two in a row once in some
megabytes."""

_SYNC = re.compile(
    rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]["
    + b"".join(re.escape(bytes((b,))) for b in range(0x10, 0xF0) if b >> 2 & 3 != 3)
    + b"]"
)
"""The headers that :func:`mpeg_frame` accepts; the expression skips other bytes quickly."""


class MpegFrame(NamedTuple):
    """The header of a frame. ``samples``: per channel."""

    size_bytes: int
    version: int
    layer: int
    rate_hz: int
    channels: int
    samples: int

    @property
    def form(self) -> tuple[int, int, int, int]:
        """The fields that decoders expect to be constant within a file."""
        return self.version, self.layer, self.rate_hz, self.channels


def mpeg_frame(header: bytes) -> MpegFrame | None:
    """Return the frame with this header; ``None`` where it is no frame header."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    return _frame(header[1], header[2], header[3] >> 6 == 3)


@functools.cache
def _frame(kind: int, sizes: int, is_mono: bool) -> MpegFrame | None:
    version, layer = kind >> 3 & 3, 4 - (kind >> 1 & 3)
    kbps_index, rate_index = sizes >> 4, sizes >> 2 & 3
    if version == 1 or layer == 4 or kbps_index in (0, 15) or rate_index == 3:
        return None
    kbps = (_KBPS_V1 if version == 3 else _KBPS_V2)[layer][kbps_index - 1]
    rate_hz = _RATES_V1_HZ[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    padding = sizes >> 1 & 1
    if layer == 1:
        samples, size = 384, (12_000 * kbps // rate_hz + padding) * 4
    else:
        samples = 576 if layer == 3 and version != 3 else 1152
        size = samples // 8 * 1000 * kbps // rate_hz + padding
    return MpegFrame(size, version, layer, rate_hz, 1 if is_mono else 2, samples)


def mpeg_frame_bytes(header: bytes) -> int:
    """Return the length of the MPEG audio frame with this header, 0 where it is none."""
    frame = mpeg_frame(header)
    return frame.size_bytes if frame else 0


def is_trailer(head: bytes) -> bool:
    """Whether a tag begins here."""
    return head.startswith(_TRAILERS)


def find_frames(data: bytes) -> int | None:
    """Return the offset of the first frames of one kind in a row: four of them, or two or more up
    to the end of ``data``."""
    found = _SYNC.finditer(data)
    return next((sync.start() for sync in found if _is_chain(data, sync.start())), None)


def _is_chain(data: bytes, at: int) -> bool:
    start, first = at, mpeg_frame(data[at : at + 4])
    frame = first
    for count in range(1, _CHAIN + 1):
        if frame is None or first is None or frame.form[:3] != first.form[:3]:
            return False
        at += frame.size_bytes
        if at >= len(data) or is_trailer(data[at : at + 11]):
            # A file of a single frame ends where the second would begin.
            return count > 1 or (start == 0 and at == len(data))
        frame = mpeg_frame(data[at : at + 4])
    return True


def id3_bytes(head: bytes) -> int:
    """Return the length of an ID3v2 tag at the start, 0 when there is none (id3.org, ID3v2.4,
    3.1)."""
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    footer = 10 if head[5] & 0x10 else 0
    return 10 + size + footer


def ape_bytes(head: bytes) -> int:
    """Return the length of an APEv2 tag at the start, 0 when there is none (Monkey's Audio, APEv2:
    header)."""
    if not head.startswith(b"APETAGEX") or len(head) < 16:
        return 0
    return 32 + int.from_bytes(head[12:16], "little")
