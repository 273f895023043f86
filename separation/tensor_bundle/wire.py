"""The two encodings of a bundle's index: varints and protocol buffers.

https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator

import google_crc32c

from separation.errors import ModelUnavailable

_LONGEST_VARINT = 10
_MASK_64 = 2**64 - 1
_MASK_DELTA = 0xA282EAD8
"""LevelDB masks its checksums (util/crc32c.h), as a checksum over a checksum would be weak."""

_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


class BundleDamaged(ModelUnavailable):
    """The bytes are no checkpoint of a supported kind; ``fault`` names the part."""

    def __init__(self, fault: str) -> None:
        super().__init__(
            f"The checkpoint cannot be read: {fault}. It is damaged or of another kind; "
            "fetch the model again."
        )


def masked_crc32c(data: bytes) -> int:
    """Return the CRC-32C as LevelDB and TensorFlow store it."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF


def read_varint(data: bytes, place: int) -> tuple[int, int]:
    """Return an unsigned integer of up to 64 bits and the position behind it. Raises
    ``BundleDamaged``."""
    value = 0
    for count in range(_LONGEST_VARINT):
        if place + count >= len(data):
            break
        byte = data[place + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value & _MASK_64, place + count + 1
    raise BundleDamaged("a number in its index has no end")


def read_bytes(data: bytes, place: int, count: int) -> tuple[bytes, int]:
    """Return ``count`` bytes and the position behind them. Raises ``BundleDamaged`` if ``data`` is
    too short."""
    if count > len(data) - place:
        raise BundleDamaged("its index breaks off")
    return data[place : place + count], place + count


def read_message(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a protocol buffer in order, as (number, value).

    Raises ``BundleDamaged``, also for groups, which no bundle has.
    """
    place = 0
    while place < len(data):
        tag, place = read_varint(data, place)
        kind = tag & 7
        value: int | bytes
        if kind == _VARINT:
            value, place = read_varint(data, place)
        elif kind == _BYTES:
            length, place = read_varint(data, place)
            value, place = read_bytes(data, place, length)
        elif kind in (_FIXED_32, _FIXED_64):
            raw, place = read_bytes(data, place, 4 if kind == _FIXED_32 else 8)
            value = int.from_bytes(raw, "little")
        else:
            raise BundleDamaged("its index holds a field of an unknown kind")
        yield tag >> 3, value
