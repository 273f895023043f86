"""Moves batches through torch: directly on the CPU, over copy streams on a GPU."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from separation.audio.blocks import FloatArray
from separation.engine.devices import device_errors, release_memory

Compute = Callable[[torch.Tensor], torch.Tensor]


class CpuTransfer:
    """A :class:`~separation.engine.batching.DeviceTransfer` on the CPU: it copies and plans
    nothing."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def send(self, windows: FloatArray) -> torch.Tensor:
        return torch.from_numpy(windows)

    def compute(self, sent: torch.Tensor) -> torch.Tensor:
        with device_errors("cpu"):
            return self._compute(sent)

    def receive(self, computed: torch.Tensor) -> FloatArray:
        result: FloatArray = computed.numpy()
        return result

    def bytes_of_last(self) -> int:
        return 0

    def peak_bytes(self) -> int:
        return 0

    def free_bytes(self) -> int:
        """Not measured on a CPU: the batch limit alone decides."""
        return sys.maxsize

    def release(self) -> None:
        """Does nothing, because the lane keeps no memory."""


class CudaTransfer:
    """A lane over three streams: copies in, computation, copies out.

    Host memory is pinned, because a copy from other memory waits for the GPU; torch keeps pinned
    blocks for the next batch. ``record_stream`` informs the allocator that another stream still
    uses a tensor.
    """

    def __init__(self, compute: Compute, device: str) -> None:
        self._compute = compute
        self._device = device
        # torch publishes no types for streams and events that strict checking accepts.
        cuda: Any = torch.cuda
        self._cuda = cuda
        with device_errors(device):
            self._inward, self._outward = cuda.Stream(device), cuda.Stream(device)
        self._before = 0

    def send(self, windows: FloatArray) -> Any:
        with device_errors(self._device), self._cuda.stream(self._inward):
            return torch.from_numpy(windows).pin_memory().to(self._device, non_blocking=True)

    def compute(self, sent: Any) -> Any:
        with device_errors(self._device):
            main = self._cuda.current_stream(self._device)
            main.wait_stream(self._inward)
            sent.record_stream(main)
            self._before = self._cuda.memory_allocated(self._device)
            self._cuda.reset_peak_memory_stats(self._device)
            out = self._compute(sent)
            return self._start_back(out, main)

    def receive(self, computed: Any) -> FloatArray:
        host, arrived = computed
        with device_errors(self._device):
            arrived.synchronize()
        # A copy, because torch reuses the pinned block for the next batch.
        result: FloatArray = host.numpy().copy()
        return result

    def bytes_of_last(self) -> int:
        return int(self._cuda.max_memory_allocated(self._device)) - self._before

    def peak_bytes(self) -> int:
        return int(self._cuda.max_memory_allocated(self._device))

    def free_bytes(self) -> int:
        """The driver's free memory and torch's unused cached memory."""
        with device_errors(self._device):
            free, _ = self._cuda.mem_get_info(self._device)
        kept = self._cuda.memory_reserved(self._device) - self._cuda.memory_allocated(self._device)
        return int(free) + int(kept)

    def release(self) -> None:
        with device_errors(self._device):
            self._cuda.synchronize(self._device)
        release_memory(self._device)

    def _start_back(self, out: torch.Tensor, main: Any) -> Any:
        host = torch.empty(out.shape, dtype=out.dtype, pin_memory=True)
        self._outward.wait_stream(main)
        with self._cuda.stream(self._outward):
            host.copy_(out, non_blocking=True)
            arrived = self._cuda.Event()
            arrived.record(self._outward)
        out.record_stream(self._outward)
        return host, arrived


@contextmanager
def half_precision(device: str, dtype: torch.dtype | None) -> Iterator[None]:
    """Run layers in ``dtype``; ``None``: everything in float32, also inside cuDNN.

    Autocast leaves norms, inputs and outputs in float32, so that the STFT of the hybrid networks,
    outside their layers, works on float32. By default cuDNN would round the inputs of float32
    convolutions to 10 bits (TF32).

    cuDNN's benchmark stays off, as it is in torch by default. It tries every algorithm at the first
    batch of each size, with working memory that no plan includes, and then uses the one that was
    fastest at that moment, so that two runs of one song can differ in the last bits.
    """
    if dtype is not None:
        with torch.autocast(torch.device(device).type, dtype=dtype):
            yield
    elif device == "cpu":
        yield
    else:
        flags: Any = torch.backends.cudnn.flags
        with flags(enabled=True, benchmark=False, deterministic=False, allow_tf32=False):
            yield
