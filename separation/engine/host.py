"""Reports the CPU, the memory and the GPUs of this machine."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

_INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")
"""Flags of /proc/cpuinfo that affect the speed of networks; the last two are ARM's."""

_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
_MB = 1_000_000


@dataclass(frozen=True)
class GraphicsCard:
    """A GPU and its memory in bytes."""

    name: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True)
class HostReport:
    """``cores``: those that this process may use. Memory in bytes, 0 where it is unknown."""

    processor: str
    cores: int
    instruction_sets: tuple[str, ...]
    memory_bytes: int
    free_memory_bytes: int
    cards: tuple[GraphicsCard, ...] = ()

    @property
    def has_bfloat16(self) -> bool:
        """Whether the CPU has bfloat16 instructions, at about twice the speed of float32."""
        return not _BFLOAT16.isdisjoint(self.instruction_sets)

    def __str__(self) -> str:
        cards = [
            f"{card.name} with {card.free_bytes // _MB} of {card.total_bytes // _MB} MB free"
            for card in self.cards
        ]
        sets = ", ".join(self.instruction_sets) or "plain"
        return (
            f"{self.processor}, {self.cores} cores ({sets}), "
            f"{self.free_memory_bytes // _MB} of {self.memory_bytes // _MB} MB memory free, "
            f"{'; '.join(cards) or 'no GPU'}"
        )


def host_report(cards: tuple[GraphicsCard, ...] = ()) -> HostReport:
    """Describe the machine. ``cards``: the GPUs, from a caller that has torch."""
    info = _fields(Path("/proc/cpuinfo"))
    memory = _fields(Path("/proc/meminfo"))
    flags = set((info.get("flags") or info.get("Features") or "").split())
    return HostReport(
        processor=info.get("model name") or platform.machine(),
        cores=usable_cores(),
        instruction_sets=tuple(name for name in _INSTRUCTION_SETS if name in flags),
        memory_bytes=_kilobytes(memory.get("MemTotal")),
        free_memory_bytes=_kilobytes(memory.get("MemAvailable")),
        cards=cards,
    )


def usable_cores(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Number of cores that this process may use: its CPU affinity, or its container's quota where
    that is lower."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    try:
        limit, period = quota.read_text().split()
        allowed = -(-int(limit) // int(period))
    except (OSError, ValueError):
        # A missing file, or the word "max" in it, means no quota.
        return cores
    return max(min(cores, allowed), 1)


def _fields(path: Path) -> dict[str, str]:
    """The first value of each name in a kernel file of ``name: value`` lines; empty where the file
    cannot be read."""
    found: dict[str, str] = {}
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return found
    for line in lines:
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), value.strip())
    return found


def _kilobytes(text: str | None) -> int:
    return int(text.split()[0]) * 1024 if text else 0
