"""Runs networks with torch. Only a process that separates imports this module."""

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch

from separation.audio.blocks import FloatArray
from separation.engine.batching import BatchPlanner, DeviceTransfer, run_windows
from separation.engine.devices import device_errors
from separation.engine.interface import Engine
from separation.engine.torch_transfer import CpuTransfer, CudaTransfer, half_precision
from separation.settings import GPU_BATCH

_log = logging.getLogger("engine")


class TorchEngine(Engine):
    """A torch module that maps (n, channels, frames) to (n, stems, channels, frames).

    On a GPU, batches are as large as its free memory allows, and copies run beside the computation.
    ``fast`` runs the layers in half precision: bfloat16 on a CPU, and float16 on a GPU, where its
    finer steps are as fast. A window that exceeds the range of float16 (65 504) is computed again
    in float32, and so are all windows after it.
    """

    name: ClassVar[str] = "torch"

    def __init__(
        self,
        module: torch.nn.Module,
        *,
        stems: tuple[str, ...],
        segment_frames: int,
        device: str = "cpu",
        fast: bool = False,
        batch_limit: int | None = None,
        fixed_frames: int | None = None,
        draws_below: int | None = None,
        least_frames: int = 1,
    ) -> None:
        """``fixed_frames``: the input length of every window, however many frames matter.
        ``least_frames``: the shortest input that the module takes; shorter windows get context.
        ``batch_limit``: the most windows in a batch; by default ``GPU_BATCH`` on a GPU and 1 on a
        CPU, where one window keeps all cores busy."""
        self.stems = stems
        self.segment_frames = segment_frames
        self.draws_below = draws_below
        self._planner = BatchPlanner(batch_limit or (1 if device == "cpu" else GPU_BATCH))
        self.batch_size = self._planner.usable_windows
        self._fixed_frames = fixed_frames
        self._least_frames = least_frames
        self._device = device
        self._dtype: torch.dtype | None = None
        if fast:
            self._dtype = torch.bfloat16 if device == "cpu" else torch.float16
        self.precision = _name_of(self._dtype)
        # torch's modules are untyped beyond forward.
        self._module: Any = module.eval()
        self._lane: DeviceTransfer | None = None

    @property
    def memory_peaks(self) -> Mapping[int, int]:
        return self._planner.peaks

    def input_frames(self, frames: int) -> int:
        if self._fixed_frames is not None:
            return self._fixed_frames
        if hasattr(self._module, "valid_length"):
            return int(self._module.valid_length(frames))
        return max(frames, self._least_frames)

    def run(self, windows: FloatArray) -> FloatArray:
        out = self._run(windows)
        if self._dtype is not None and not np.isfinite(out).all():
            _log.warning("%s does not hold this network's values: float32 instead", self.precision)
            self._dtype = None
            self.precision = _name_of(None)
            out = self._run(windows)
        return out

    def _run(self, windows: FloatArray) -> FloatArray:
        if self._lane is None:
            self._lane = self._open_lane()
        out = run_windows(windows, self._lane, self._planner)
        self.batch_size = self._planner.usable_windows
        return out

    def _open_lane(self) -> DeviceTransfer:
        """Move the module to the device at the first window. A network that no requested stem needs
        never occupies the GPU."""
        with device_errors(self._device):
            self._module.to(self._device)
        if self._device == "cpu":
            return CpuTransfer(self._compute)
        return CudaTransfer(self._compute, self._device)

    def _compute(self, windows: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode(), half_precision(self._device, self._dtype):
            out: torch.Tensor = self._module(windows)
            return out.float()


def _name_of(dtype: torch.dtype | None) -> str:
    return "float32" if dtype is None else str(dtype).removeprefix("torch.")
