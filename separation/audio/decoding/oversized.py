"""Files of more than 4 GiB in formats whose lengths have four bytes.

Recorders and programs write beyond this limit. They leave the length at 0 or at its maximum, or let
it overflow. The bytes in the file count. No RIFF header can state such a length to libsndfile, so
it reads the samples without a header.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from separation.audio.decoding.file_span import Span
from separation.audio.decoding.riff_chunks import Order, find_chunk, is_sound, read_at
from separation.errors import UnsupportedFormat

ROUND = 2**32
"""Bytes after which a length of four bytes overflows to 0."""

OVERSIZED = "The header cannot say how long so large a file is; all that is there was used."
_EXTENSIBLE = 0xFFFE
_SUB_FORMAT_AT = 24
_FORMAT_BYTES = 40
"""Length of the extensible form, the longest one (Microsoft, WAVEFORMATEXTENSIBLE)."""

_SUBTYPES = {
    (1, 1): "PCM_U8",
    (1, 2): "PCM_16",
    (1, 3): "PCM_24",
    (1, 4): "PCM_32",
    (3, 4): "FLOAT",
    (3, 8): "DOUBLE",
    (6, 1): "ALAW",
    (7, 1): "ULAW",
}
"""libsndfile's names by the format's tag and the bytes per sample (Microsoft, mmreg.h)."""

_HOW_ELSE = "Save it as RF64, W64, CAF or FLAC."


@dataclass(frozen=True)
class RawSound:
    """Samples without a header, and the parameters that libsndfile needs to read them."""

    span: Span
    rate_hz: int
    channels: int
    subtype: str
    order: Order


def oversized_wave(file: BinaryIO, size: int, order: Order) -> RawSound | None:
    """Return the sound of a WAV of ``size`` bytes whose header states a wrong length, else
    ``None``.

    Raises ``UnsupportedFormat`` for a codec that cannot be read without the header.
    """
    data = find_chunk(file, size, start=12, name=b"data", order=order)
    end = None if data is None else _end_of_sound(file, size, data, order)
    if data is None or end is None:
        return None
    return _described(file, size, Span(data + 8, end), order)


def refuse_oversized_aiff(file: BinaryIO, size: int) -> None:
    """Raise ``UnsupportedFormat`` if the sound continues behind its stated length."""
    sound = find_chunk(file, size, start=12, name=b"SSND", order="big")
    if sound is not None and _end_of_sound(file, size, sound, "big") is not None:
        raise UnsupportedFormat(f"An AIFF cannot hold more than 4 GiB of sound. {_HOW_ELSE}")


def _end_of_sound(file: BinaryIO, size: int, chunk: int, order: Order) -> int | None:
    """Return the end of a chunk's sound if the stated length is too small, else ``None``.

    The bytes behind the sound are valid chunks, which shows how often the length overflowed.
    """
    stated = int.from_bytes(read_at(file, chunk + 4, 4), order)
    for end in range(chunk + 8 + stated, size + 1, ROUND):
        if not is_sound(file, end + stated % 2, size, order):
            return end if end > chunk + 8 + stated else None
    return size


def _described(file: BinaryIO, size: int, span: Span, order: Order) -> RawSound:
    at = find_chunk(file, size, start=12, name=b"fmt ", order=order)
    head = b"" if at is None else read_at(file, at + 8, _FORMAT_BYTES)
    head = head.ljust(_FORMAT_BYTES, b"\0")
    mark = ">" if order == "big" else "<"
    tag, channels, rate_hz, _, frame = struct.unpack_from(f"{mark}HHIIH", head)
    if tag == _EXTENSIBLE:
        (tag,) = struct.unpack_from(f"{mark}H", head, _SUB_FORMAT_AT)
    subtype = _SUBTYPES.get((tag, frame // channels if channels else 0))
    if subtype is None:
        raise UnsupportedFormat(
            f"A WAV of more than 4 GiB can be read where it holds plain samples only. {_HOW_ELSE}"
        )
    return RawSound(span, rate_hz, channels, subtype, order)
