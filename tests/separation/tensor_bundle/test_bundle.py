"""A checkpoint that TensorFlow wrote, read without it, and bytes that are no checkpoint."""

from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from separation.errors import ModelUnavailable
from separation.tensor_bundle import BundleDamaged, TensorBundle
from separation.tensor_bundle.bundle import read_index
from separation.tensor_bundle.wire import masked_crc32c
from tests.separation.separators.spleeter.small import DATA, INDEX
from tests.separation.tensor_bundle.tables import Entry, index_of, table_of

DATA_BYTES = DATA.stat().st_size
HEADER = b"\x08\x01"


def test_every_tensor_is_there_with_its_shape() -> None:
    bundle = TensorBundle(INDEX, DATA)
    assert len(bundle.entries) == 149
    assert bundle.read("conv2d/kernel").shape == (5, 5, 2, 2)
    assert bundle.read("conv2d_transpose_6/kernel").shape == (5, 5, 6, 7)
    assert bundle.read("conv2d/kernel").dtype == np.float32


def test_numbers_are_those_that_were_stored() -> None:
    bundle = TensorBundle(INDEX, DATA)
    assert bundle.read("global_step") == 0
    variance: NDArray[Any] = bundle.read("batch_normalization_23/moving_variance")
    # The fixture draws these, and no others, from 0.5 to 1.5.
    assert ((variance > 0.5) & (variance < 1.5)).all()
    kernels = [bundle.read(f"conv2d_{n}/kernel").std() for n in range(1, 14)]
    assert np.ptp(kernels) > 0.05


def test_the_checksum_of_an_empty_input_is_known() -> None:
    # RFC 3720, B.4: 32 bytes of zeros have the CRC-32C 8a9136aa.
    assert google_crc32c.value(bytes(32)) == 0x8A9136AA
    assert masked_crc32c(bytes(32)) == ((0x8A9136AA >> 15 | 0x8A9136AA << 17) + 0xA282EAD8) % 2**32


def test_one_wrong_byte_of_data_is_seen(tmp_path: Path) -> None:
    damaged = bytearray(DATA.read_bytes())
    entry = TensorBundle(INDEX, DATA).entries["conv2d_3/kernel"]
    damaged[entry.offset + entry.size // 2] ^= 1
    path = tmp_path / "data"
    path.write_bytes(damaged)
    bundle = TensorBundle(INDEX, path)
    assert bundle.read("conv2d_4/kernel").size
    with pytest.raises(BundleDamaged, match="conv2d_3/kernel has a wrong checksum"):
        bundle.read("conv2d_3/kernel")


def test_data_that_break_off_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(DATA.read_bytes()[:-1])
    with pytest.raises(BundleDamaged, match="outside of its data"):
        TensorBundle(INDEX, path)


def test_a_tensor_that_is_missing_is_named() -> None:
    with pytest.raises(BundleDamaged, match="it holds no conv3d/kernel"):
        TensorBundle(INDEX, DATA).read("conv3d/kernel")


def test_the_error_is_one_of_those_that_are_told() -> None:
    assert BundleDamaged("x").code == ModelUnavailable.code
    assert "fetch the model again" in BundleDamaged("x").detail


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (Entry(kind=7), "of the kind 7"),
        (Entry(shape=(3,)), "another size than its shape"),
        (Entry(offset=2**63), "outside of its data"),
        (Entry(shard=1), "outside of its data"),
        (Entry(shape=(1,) * 9, size=4), "too many dimensions"),
        (Entry(shape=(0, 2**40), size=0), "of another kind than numbers"),
        (Entry(extra=b"\x3a\x00"), "in a way that is not read"),
    ],
)
def test_an_entry_that_cannot_be_is_named(entry: Entry, fault: str) -> None:
    with pytest.raises(BundleDamaged, match=fault):
        read_index(index_of({b"": HEADER, b"a": entry.message()}), 8)


def test_a_good_entry_is_read() -> None:
    (entry,) = read_index(index_of({b"": HEADER, b"a": Entry().message()}), 8).values()
    assert (entry.shape, entry.offset, entry.size) == ((2, 1), 0, 8)


@pytest.mark.parametrize(
    ("header", "fault"),
    [(b"\x08\x02", "several files"), (b"\x08\x01\x10\x01", "big end first")],
)
def test_a_header_of_other_kinds_is_refused(header: bytes, fault: str) -> None:
    with pytest.raises(BundleDamaged, match=fault):
        read_index(index_of({b"": header}), 8)


def test_an_index_without_a_header_is_refused() -> None:
    with pytest.raises(BundleDamaged, match="no header"):
        read_index(index_of({b"a": Entry().message()}), 8)


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(BundleDamaged, match="no text"):
        read_index(index_of({b"": HEADER, b"\xff": Entry().message()}), 8)


@given(st.integers(0, INDEX.stat().st_size - 1), st.integers(1, 255))
def test_any_changed_byte_of_the_index_is_seen_or_harmless(place: int, change: int) -> None:
    damaged = bytearray(INDEX.read_bytes())
    damaged[place] ^= change
    _read_or_refuse(bytes(damaged))


@given(st.binary(max_size=200))
def test_any_bytes_under_a_right_checksum_are_read_or_refused(block: bytes) -> None:
    _read_or_refuse(table_of(block))


@given(st.binary(max_size=60), st.binary(max_size=20))
def test_any_message_is_read_or_refused(message: bytes, header: bytes) -> None:
    _read_or_refuse(index_of({b"": HEADER, b"a": message}))
    _read_or_refuse(index_of({b"": header}))


def _read_or_refuse(index: bytes) -> None:
    try:
        entries = read_index(index, DATA_BYTES)
    except BundleDamaged:
        return
    assert all(entry.offset + entry.size <= DATA_BYTES for entry in entries.values())
