"""The tensors of a checkpoint by name."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separation.tensor_bundle.table import read_table
from separation.tensor_bundle.wire import BundleDamaged, masked_crc32c, read_message

_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 4: "|u1", 6: "|i1", 9: "<i8", 19: "<f2"}
"""tensorflow/core/framework/types.proto; no network's weights have one of its other types."""

_HEADER = b""
_MAX_INDEX_BYTES = 64 * 1024 * 1024
_MAX_DIMENSIONS = 8
_LARGEST_SIZE = 2**31


@dataclass(frozen=True)
class TensorEntry:
    """The place of a tensor: ``size`` bytes at ``offset``; ``crc32c`` is their masked CRC-32C."""

    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int
    crc32c: int


class TensorBundle:
    """A checkpoint with one data file; each tensor is read on request."""

    def __init__(self, index: Path, data: Path) -> None:
        """Raises ``BundleDamaged`` for an index that is damaged or does not fit the data."""
        if index.stat().st_size > _MAX_INDEX_BYTES:
            raise BundleDamaged("its index is longer than any")
        self._data = data
        self.entries = read_index(index.read_bytes(), data.stat().st_size)

    def read(self, name: str) -> NDArray[np.generic]:
        """Return a tensor after a check of its checksum. Raises ``BundleDamaged``, also for an
        unknown name."""
        entry = self.entries.get(name)
        if entry is None:
            raise BundleDamaged(f"it holds no {name}")
        with self._data.open("rb") as file:
            file.seek(entry.offset)
            raw = file.read(entry.size)
        if len(raw) != entry.size or masked_crc32c(raw) != entry.crc32c:
            raise BundleDamaged(f"{name} has a wrong checksum")
        return np.frombuffer(raw, dtype=entry.dtype).reshape(entry.shape)


def read_index(index: bytes, data_bytes: int) -> dict[str, TensorEntry]:
    """Parse an index for a data file of ``data_bytes``. Raises ``BundleDamaged``."""
    table = read_table(index)
    header = table.pop(_HEADER, None)
    if header is None:
        raise BundleDamaged("its index has no header")
    _check_header(header)
    return {_name(key): _entry(value, data_bytes) for key, value in table.items()}


def _check_header(message: bytes) -> None:
    """Require one data file in little-endian order (``BundleHeaderProto``)."""
    fields = dict(read_message(message))
    if fields.get(1) != 1:
        raise BundleDamaged("its numbers lie in several files")
    if fields.get(2, 0) != 0:
        raise BundleDamaged("its numbers are stored with the big end first")


def _name(key: bytes) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise BundleDamaged("a name in its index is no text") from error


def _entry(message: bytes, data_bytes: int) -> TensorEntry:
    """Parse a ``BundleEntryProto``."""
    numbers, shape = {1: 0, 3: 0, 4: 0, 5: 0, 6: 0}, b""
    for field, value in read_message(message):
        if field == 2 and isinstance(value, bytes):
            shape = value
        elif field in numbers and isinstance(value, int):
            numbers[field] = value
        else:
            raise BundleDamaged("its index describes a tensor in a way that is not read here")
    kind, shard, offset, size, checksum = numbers.values()
    dtype = _DTYPES.get(kind)
    if dtype is None:
        raise BundleDamaged(f"a tensor in it is of the kind {kind}, which is not read here")
    dimensions = _shape(shape)
    if shard or offset + size > data_bytes:
        raise BundleDamaged("a tensor in its index lies outside of its data")
    if prod(dimensions) * np.dtype(dtype).itemsize != size:
        raise BundleDamaged("a tensor in its index has another size than its shape")
    return TensorEntry(dtype, dimensions, offset, size, checksum)


def _shape(message: bytes) -> tuple[int, ...]:
    """Parse a ``TensorShapeProto``; a missing size is 0."""
    dimensions = []
    for field, value in read_message(message):
        if field != 2 or not isinstance(value, bytes):
            raise BundleDamaged("a tensor in its index has no known shape")
        dimensions.append(_size(read_message(value)))
    if len(dimensions) > _MAX_DIMENSIONS:
        raise BundleDamaged("a tensor in its index has too many dimensions")
    return tuple(dimensions)


def _size(fields: Iterable[tuple[int, int | bytes]]) -> int:
    """Return the size of one dimension, which may also have a name."""
    size = dict(fields).get(1, 0)
    if not isinstance(size, int) or size > _LARGEST_SIZE:
        raise BundleDamaged("a tensor in its index has a shape of another kind than numbers")
    return size
