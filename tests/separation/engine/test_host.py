import os
from pathlib import Path

import pytest

from separation.engine.host import GraphicsCard, HostReport, host_report, usable_cores

OURS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def test_the_report_counts_what_the_system_has() -> None:
    report = host_report()
    assert report.cores >= 1
    assert 0 < report.free_memory_bytes <= report.memory_bytes
    assert f"{report.cores} cores" in str(report)
    assert "no GPU" in str(report)


def test_cards_are_told_with_their_free_memory() -> None:
    report = host_report((GraphicsCard("Card 9000", 8_000_000_000, 6_000_000_000),))
    assert "Card 9000 with 6000 of 8000 MB free" in str(report)


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", OURS), ("100000 100000", 1), ("50000 100000", 1), ("nonsense", OURS)],
)
def test_the_quota_of_a_container_counts(tmp_path: Path, quota: str, cores: int) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    assert usable_cores(file) == cores


def test_without_a_quota_the_affinity_counts(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "none") == OURS


@pytest.mark.parametrize(
    ("sets", "expected"),
    [(("avx2",), False), (("avx512f", "avx512_bf16"), True), (("amx_bf16",), True), ((), False)],
)
def test_bfloat16_is_known_by_the_instructions(sets: tuple[str, ...], expected: bool) -> None:
    assert HostReport("a processor", 2, sets, 1, 1).has_bfloat16 is expected
