"""Monkey's Audio by our own bytes, as there is no encoder at hand: one frame, marked as silent."""

import struct

_VERSION, _FAST, _MAKE_WAV_HEADER = 3990, 1000, 32
_BLOCKS_OF_A_FRAME = 73_728 * 4
_HAS_FLAGS, _BOTH_SILENT = 0x80000000, 3
_DESCRIPTOR_BYTES, _HEADER_BYTES, _SEEK_BYTES = 52, 24, 4


def silent_ape(frames: int, rate_hz: int, *, bits: int = 16) -> bytes:
    """Two channels of silence; at most as long as one frame of the format is."""
    assert frames <= _BLOCKS_OF_A_FRAME
    # Read in words of 32 bits; behind checksum and flags the range coder wants some bytes.
    sound = struct.pack("<6I", _HAS_FLAGS, _BOTH_SILENT, 0, 0, 0, 0)
    lengths = (_DESCRIPTOR_BYTES, _HEADER_BYTES, _SEEK_BYTES, 0, len(sound), 0, 0)
    descriptor = b"MAC " + struct.pack("<HH7I", _VERSION, 0, *lengths) + bytes(16)
    header = struct.pack(
        "<HHIIIHHI",
        *(_FAST, _MAKE_WAV_HEADER, _BLOCKS_OF_A_FRAME, frames, 1, bits, 2, rate_hz),
    )
    first_frame_at = _DESCRIPTOR_BYTES + _HEADER_BYTES + _SEEK_BYTES
    return descriptor + header + struct.pack("<I", first_frame_at) + sound
