"""The store of converted networks: whole or not there, whatever happens in between."""

import os
import time
from pathlib import Path

import pytest

from separation.engine.converted import BagRecord, ConvertedBag, NetworkRecord

DIGEST = "a1" * 32
RECORD = BagRecord(
    stems=("drums", "vocals"),
    sample_rate_hz=44_100,
    channels=2,
    max_segment_s=7.8,
    networks=(
        NetworkRecord(frames=343_980, stft_window=4096, segment_frames=343_980, weights=(1.0, 1.0)),
    ),
)


@pytest.fixture
def bag(tmp_path: Path) -> ConvertedBag:
    return ConvertedBag(tmp_path / "cache", DIGEST, "1")


def write(path: Path) -> None:
    path.write_text("<net/>")
    path.with_suffix(".bin").write_bytes(b"weights")


def test_what_was_stored_is_found_again(bag: ConvertedBag, tmp_path: Path) -> None:
    assert bag.record() is None
    assert bag.network(0) is None
    bag.store_record(RECORD)
    bag.store_network(0, write)
    again = ConvertedBag(tmp_path / "cache", DIGEST, "1")
    assert again.record() == RECORD
    found = again.network(0)
    assert found is not None
    assert found.read_text() == "<net/>"
    assert again.network(1) is None


def test_other_weights_have_another_place(bag: ConvertedBag, tmp_path: Path) -> None:
    bag.store_network(0, write)
    assert ConvertedBag(tmp_path / "cache", "b2" * 32, "1").network(0) is None


def test_what_other_code_made_of_the_weights_is_not_found(
    bag: ConvertedBag, tmp_path: Path
) -> None:
    bag.store_network(0, write)
    assert ConvertedBag(tmp_path / "cache", DIGEST, "2").network(0) is None


def test_a_crash_in_the_middle_leaves_nothing_that_counts(bag: ConvertedBag) -> None:
    def crash(path: Path) -> None:
        path.write_text("<net")
        raise RuntimeError("the power is gone")

    with pytest.raises(RuntimeError):
        bag.store_network(0, crash)
    assert bag.network(0) is None
    bag.store_network(0, write)
    assert bag.network(0) is not None


@pytest.mark.parametrize("name", ["network.xml", "network.bin", "files.json"])
@pytest.mark.parametrize("damage", [b"", b"WEIGHTS"])
def test_a_damaged_file_is_thrown_away(bag: ConvertedBag, name: str, damage: bytes) -> None:
    # "WEIGHTS" is as long as what it replaces, so the size does not tell.
    bag.store_network(0, write)
    (bag.model_file(0).parent / name).write_bytes(damage)
    assert bag.network(0) is None
    assert not bag.model_file(0).parent.exists()
    bag.store_network(0, write)
    assert bag.network(0) is not None


def test_a_file_that_is_missing_is_damage_too(bag: ConvertedBag) -> None:
    bag.store_network(0, write)
    bag.model_file(0).unlink()
    assert bag.network(0) is None


def test_a_damaged_record_is_no_record(bag: ConvertedBag) -> None:
    bag.store_record(RECORD)
    (bag.folder / "bag.json").write_text('{"stems": 3}')
    assert bag.record() is None


def test_storing_twice_keeps_the_second(bag: ConvertedBag) -> None:
    bag.store_network(0, write)

    def other(path: Path) -> None:
        write(path)
        path.write_text("<other/>")

    bag.store_network(0, other)
    found = bag.network(0)
    assert found is not None
    assert found.read_text() == "<other/>"


def test_sweeping_removes_old_versions_and_old_crashes_only(bag: ConvertedBag) -> None:
    bag.store_network(0, write)
    older = bag.folder.with_name(f"{DIGEST[:32]}-2020.1-4.0-0")
    another_model = bag.folder.with_name(f"{'b2' * 16}-2020.1-4.0-0")
    crashed, running = bag.folder / ".0.1.tmp", bag.folder / ".0.2.tmp"
    for folder in (older, another_model, crashed, running):
        folder.mkdir()
    yesterday = time.time() - 86_400
    os.utime(crashed, (yesterday, yesterday))
    bag.sweep()
    assert [p.exists() for p in (older, another_model, crashed, running)] == [
        False, True, False, True,
    ]  # fmt: skip
    assert bag.network(0) is not None
