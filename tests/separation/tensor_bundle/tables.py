"""Writes tables of LevelDB's kind, right and wrong ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from separation.tensor_bundle.table import MAGIC
from separation.tensor_bundle.wire import masked_crc32c


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def stored(block: bytes, compression: int = 0) -> bytes:
    """A block with what follows it in a file."""
    content = block + bytes([compression])
    return content + masked_crc32c(content).to_bytes(4, "little")


def block_of(entries: Mapping[bytes, bytes]) -> bytes:
    """Keys share their prefixes with the one before."""
    out, before = b"", b""
    for key, value in entries.items():
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        rest = key[shared:]
        out += varint(shared) + varint(len(rest)) + varint(len(value)) + rest + value
        before = key
    return out + bytes(4) + (1).to_bytes(4, "little")


def table_of(*blocks: bytes, compression: int = 0, times: int = 1) -> bytes:
    """A table of these blocks, whatever is in them; ``times``: how often each is listed."""
    out, listed = b"", {}
    for place, block in enumerate(blocks):
        handle = varint(len(out)) + varint(len(block))
        for again in range(times):
            listed[b"%d-%d" % (place, again)] = handle
        out += stored(block, compression)
    listing = block_of(listed)
    meta = varint(len(out)) + varint(0)
    handles = meta + varint(len(out)) + varint(len(listing))
    return out + stored(listing) + handles.ljust(40, b"\0") + MAGIC.to_bytes(8, "little")


def index_of(entries: Mapping[bytes, bytes]) -> bytes:
    return table_of(block_of(entries))


@dataclass(frozen=True)
class Entry:
    """A ``BundleEntryProto``; by default right, for 8 bytes of data."""

    kind: int = 1
    shape: tuple[int, ...] = (2, 1)
    shard: int = 0
    offset: int = 0
    size: int = 8
    extra: bytes = b""

    def message(self) -> bytes:
        dimensions = [b"\x08" + varint(size) for size in self.shape]
        shape = b"".join(b"\x12" + varint(len(one)) + one for one in dimensions)
        return (
            b"\x08" + varint(self.kind)
            + b"\x12" + varint(len(shape)) + shape
            + b"\x18" + varint(self.shard)
            + b"\x20" + varint(self.offset)
            + b"\x28" + varint(self.size)
            + b"\x35" + bytes(4)
            + self.extra
        )  # fmt: skip
