"""What the core may be told from outside, as values; built once at the edge, never read from the
environment in here."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

EngineName = Literal["auto", "torch", "openvino"]
PrecisionName = Literal["auto", "exact", "fast"]


@dataclass(frozen=True)
class IntakeLimits:
    """What a source file may be; each limit has its own named refusal.

    ``max_duration_s`` None: no limit, ten hours is ordinary. ``max_decode_ratio``: decoded bytes
    per stored byte; a 28 kB FLAC that decodes to 49 minutes (ratio 18 000) is a bomb, digital
    silence in an honest FLAC reaches 1 100. ``probe_s``: seconds of sound that are decoded
    before a file is accepted, within ``probe_wall_s``.
    """

    max_bytes: int = 500 * 1024 * 1024
    max_duration_s: float | None = None
    max_channels: int = 64
    min_sample_rate_hz: int = 1_000
    max_sample_rate_hz: int = 768_000
    max_decode_ratio: float = 4_000.0
    decode_wall_s: float = 3_600.0
    probe_s: float = 30.0
    probe_wall_s: float = 20.0
    decode_memory_bytes: int = 2 * 1024**3
    min_free_bytes: int = 512 * 1024 * 1024


@dataclass(frozen=True)
class CoreSettings:
    """Settings of the runner.

    ``model_dir``: fetched weights. ``offline``: never ask the network for weights.
    ``hub_timeout_s``: how long a job waits for a silent download site.
    ``engine`` computes the networks, ``auto`` the fastest here. ``precision``: ``exact`` is
    float32; ``fast`` is half precision where the processor is made for it, and so is ``auto``.
    ``cache_dir``: networks converted for this machine; ``None``: in the model directory.
    ``keep_work``: leave the float intermediates after a completed job (for debugging).
    """

    model_dir: Path | None = None
    offline: bool = False
    hub_timeout_s: float = 5.0
    limits: IntakeLimits = field(default_factory=IntakeLimits)
    keep_work: bool = False
    engine: EngineName = "auto"
    precision: PrecisionName = "auto"
    cache_dir: Path | None = None
