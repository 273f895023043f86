"""Ogg Opus by our own bytes (RFC 3533, RFC 7845): silence in two bytes for each packet."""

import struct
from collections.abc import Iterator

_FIRST_PAGE, _LAST_PAGE = 2, 4
_SEGMENTS = 255
_SILENT_PACKET = b"\x1b\x02"
"""Narrowband speech, two frames of 60 ms without a byte in them (RFC 6716, section 3.2.5)."""

_PACKET_FRAMES = 5760


def opus_bomb(pages: int) -> bytes:
    """``pages`` times 30.6 s of silence, in 792 bytes each."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<II", 0, 0)
    parts = [_page(0, [head], 0, _FIRST_PAGE), _page(1, [tags], 0, 0)]
    return b"".join([*parts, *_silence(pages)])


def _silence(pages: int) -> Iterator[bytes]:
    for number in range(pages):
        flags = _LAST_PAGE if number == pages - 1 else 0
        granule = (number + 1) * _SEGMENTS * _PACKET_FRAMES
        yield _page(number + 2, [_SILENT_PACKET] * _SEGMENTS, granule, flags)


def _page(number: int, packets: list[bytes], granule: int, flags: int) -> bytes:
    head = b"OggS" + struct.pack("<BBqII", 0, flags, granule, 7, number)
    tail = bytes((len(packets), *map(len, packets))) + b"".join(packets)
    return head + struct.pack("<I", _crc(head + bytes(4) + tail)) + tail


def _crc(data: bytes) -> int:
    """RFC 3533, section 6: polynomial 0x04c11db7, no reflection, nothing inverted."""
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value


def _entry(byte: int) -> int:
    value = byte << 24
    for _ in range(8):
        value = (value << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if value >> 31 else 0)
    return value


_TABLE = [_entry(byte) for byte in range(256)]
