"""FLAC by our own bytes (RFC 9639), as no encoder writes every depth, rate and lie that is needed.

Subframes are constant or verbatim, so a file is as large as its sound, or a bomb.
"""

import numpy as np
from numpy.typing import NDArray

_SIZE_IN_16_BITS = 7
_RATE_IN_STREAMINFO = 0
_DEPTH_IN_STREAMINFO = 0
_DEPTH_CODES = {8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7}
_VERBATIM, _CONSTANT = 1, 0


def flac_file(
    samples: NDArray[np.int64],
    *,
    bits: int,
    rate_hz: int,
    claimed_frames: int | None = None,
    block_frames: int = 4096,
) -> bytes:
    """A whole file of (channels, frames) integers; ``claimed_frames``: what its header says."""
    channels, frames = samples.shape
    claimed = frames if claimed_frames is None else claimed_frames
    parts = [stream_info(channels, bits=bits, rate_hz=rate_hz, frames=claimed, block=block_frames)]
    for number, start in enumerate(range(0, frames, block_frames)):
        block = samples[:, start : start + block_frames]
        parts.append(_frame(number, block.shape[1], [_verbatim(row, bits) for row in block], bits))
    return b"".join(parts)


def flac_bomb(
    blocks: int, *, claimed_frames: int | None = None, channels: int = 2, rate_hz: int = 44_100
) -> bytes:
    """Silence of ``blocks`` times 65 535 frames, in 14 bytes or so each."""
    frames = blocks * 65_535
    claimed = frames if claimed_frames is None else claimed_frames
    head = stream_info(channels, bits=16, rate_hz=rate_hz, frames=claimed, block=65_535)
    silence = [_subframe(_CONSTANT, format(0, "016b"))] * channels
    return head + b"".join(_frame(number, 65_535, silence, 16) for number in range(blocks))


def stream_info(channels: int, *, bits: int, rate_hz: int, frames: int, block: int) -> bytes:
    """The marker and the one metadata block that must be there; section 8.2."""
    packed = rate_hz << 44 | (channels - 1) << 41 | (bits - 1) << 36 | frames
    body = block.to_bytes(2, "big") * 2 + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + b"\x80" + len(body).to_bytes(3, "big") + body


def _frame(number: int, frames: int, subframes: list[str], bits: int) -> bytes:
    """Section 9.1: header with its CRC-8, subframes, padding, CRC-16."""
    head = bytes((0xFF, 0xF8, _SIZE_IN_16_BITS << 4 | _RATE_IN_STREAMINFO))
    head += bytes(((len(subframes) - 1) << 4 | _DEPTH_CODES.get(bits, _DEPTH_IN_STREAMINFO) << 1,))
    head += chr(number).encode("utf-8", "surrogatepass") + (frames - 1).to_bytes(2, "big")
    head += bytes((_crc(head, 0x07, 8),))
    body = "".join(subframes)
    body += "0" * (-len(body) % 8)
    whole = head + int(body, 2).to_bytes(len(body) // 8, "big")
    return whole + _crc(whole, 0x8005, 16).to_bytes(2, "big")


def _verbatim(samples: NDArray[np.int64], bits: int) -> str:
    mask = (1 << bits) - 1
    return _subframe(_VERBATIM, "".join(format(int(s) & mask, f"0{bits}b") for s in samples))


def _subframe(kind: int, content: str) -> str:
    return "0" + format(kind, "06b") + "0" + content


def _crc(data: bytes, polynomial: int, width: int) -> int:
    """Sections 9.1.8 and 9.3: most significant bit first, starting with zero."""
    table = _crc_table(polynomial, width)
    mask, value = (1 << width) - 1, 0
    for byte in data:
        value = (value << 8 & mask) ^ table[value >> (width - 8) ^ byte]
    return value


_TABLES: dict[tuple[int, int], list[int]] = {}


def _crc_table(polynomial: int, width: int) -> list[int]:
    if (polynomial, width) not in _TABLES:
        table = []
        for byte in range(256):
            value = byte << (width - 8)
            for _ in range(8):
                top = value >> (width - 1) & 1
                value = (value << 1 & (1 << width) - 1) ^ (polynomial if top else 0)
            table.append(value)
        _TABLES[polynomial, width] = table
    return _TABLES[polynomial, width]
