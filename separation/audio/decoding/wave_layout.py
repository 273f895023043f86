"""The channel layout of a WAV file, which libsndfile reads but soundfile does not report."""

import struct
from pathlib import Path

_EXTENSIBLE = 0xFFFE
_HEAD_BYTES = 4096
"""The format chunk comes first, or behind a small chunk (JUNK, ds64, bext)."""

_PLACES = (
    "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC", "TFR",
    "TBL", "TBC", "TBR",
)  # fmt: skip
"""Bits of dwChannelMask, lowest first (Microsoft, WAVEFORMATEXTENSIBLE)."""


def wave_layout(path: Path) -> tuple[str, ...] | None:
    """Return positions such as ``FL`` in the order of the channels; ``None`` if the file states
    none, or a number of them that differs from its channels."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    order = ">" if head.startswith(b"RIFX") else "<"
    at = 12
    while at + 8 <= len(head):
        size = struct.unpack_from(f"{order}I", head, at + 4)[0]
        if head[at : at + 4] == b"fmt ":
            return _stated(head[at + 8 : at + 8 + size], order)
        at += 8 + size + size % 2
    return None


def _stated(body: bytes, order: str) -> tuple[str, ...] | None:
    if len(body) < 24 or struct.unpack_from(f"{order}H", body)[0] != _EXTENSIBLE:
        return None
    channels = struct.unpack_from(f"{order}H", body, 2)[0]
    mask = struct.unpack_from(f"{order}I", body, 20)[0]
    places = tuple(place for bit, place in enumerate(_PLACES) if mask >> bit & 1)
    return places if len(places) == channels else None
