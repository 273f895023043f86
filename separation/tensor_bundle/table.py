"""Reads LevelDB's sorted table as a whole.

A table consists of blocks of entries whose keys share prefixes, a block that lists the others, and
a footer (https://github.com/google/leveldb/blob/main/doc/table_format.md).
"""

from collections.abc import Iterator

from separation.tensor_bundle.wire import BundleDamaged, masked_crc32c, read_bytes, read_varint

MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
_TRAILER_BYTES = 5
"""After each block: the kind of compression, and a checksum."""

_LONGEST_KEY = 4096
"""Limit of a key. A key may repeat the key before it, so without a limit a few megabytes could
expand to terabytes."""

_RAW, _SNAPPY = 0, 1


def read_table(data: bytes) -> dict[bytes, bytes]:
    """Return every key with its value. Raises ``BundleDamaged``, also for a compressed block, which
    no checkpoint has."""
    if len(data) < _FOOTER_BYTES:
        raise BundleDamaged("its index is too short")
    footer = data[-_FOOTER_BYTES:]
    if int.from_bytes(footer[-8:], "little") != MAGIC:
        raise BundleDamaged("its index does not end as a table does")
    _, place = _handle(footer, 0)
    listing, _ = _handle(footer, place)
    found: dict[bytes, bytes] = {}
    unread = len(data)
    for _, stored in _entries(_block(data, listing)):
        handle, _ = _handle(stored, 0)
        unread -= handle[1]
        if unread < 0:
            raise BundleDamaged("its index names the same blocks again and again")
        found.update(_entries(_block(data, handle)))
    return found


def _handle(data: bytes, place: int) -> tuple[tuple[int, int], int]:
    """Return (offset, size) of a block, and the position behind this handle."""
    offset, place = read_varint(data, place)
    size, place = read_varint(data, place)
    return (offset, size), place


def _block(data: bytes, handle: tuple[int, int]) -> bytes:
    offset, size = handle
    if offset + size + _TRAILER_BYTES > len(data):
        raise BundleDamaged("a block of its index lies outside of it")
    stored = data[offset : offset + size + 1]
    checksum = int.from_bytes(data[offset + size + 1 : offset + size + _TRAILER_BYTES], "little")
    if masked_crc32c(stored) != checksum:
        raise BundleDamaged("a block of its index has a wrong checksum")
    if stored[-1] != _RAW:
        how = "by snappy" if stored[-1] == _SNAPPY else "in an unknown way"
        raise BundleDamaged(f"its index is compressed {how}, which is not read here")
    return stored[:-1]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values of a block, in order; the restart points at its end are not needed."""
    if len(block) < 4:
        raise BundleDamaged("a block of its index is too short")
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise BundleDamaged("a block of its index is shorter than it says")
    content, place, key = block[:end], 0, b""
    while place < end:
        shared, place = read_varint(content, place)
        unshared, place = read_varint(content, place)
        length, place = read_varint(content, place)
        if shared > len(key):
            raise BundleDamaged("a name in its index begins with what is not there")
        suffix, place = read_bytes(content, place, unshared)
        value, place = read_bytes(content, place, length)
        if shared + unshared > _LONGEST_KEY:
            raise BundleDamaged("a name in its index is longer than any")
        key = key[:shared] + suffix
        yield key, value
