"""Networks run by torch. Only a process that separates imports this module."""

from typing import Any, ClassVar

import numpy as np
import torch

from separation.audio.blocks import FloatArray
from separation.engine.devices import device_errors
from separation.engine.interface import Engine

GPU_BATCH = 4
"""Windows at once on a GPU: enough to keep it busy, within the catalogue's memory figures."""


class TorchEngine(Engine):
    """A torch module that maps (n, channels, frames) to (n, stems, channels, frames)."""

    name: ClassVar[str] = "torch"

    def __init__(
        self,
        module: torch.nn.Module,
        *,
        stems: tuple[str, ...],
        segment_frames: int,
        device: str = "cpu",
        fixed_frames: int | None = None,
        draws_below: int | None = None,
    ) -> None:
        """``fixed_frames``: give every window in this length, whatever it holds."""
        self.stems = stems
        self.segment_frames = segment_frames
        self.batch_size = 1 if device == "cpu" else GPU_BATCH
        self.draws_below = draws_below
        self._fixed_frames = fixed_frames
        self._device = device
        # torch's modules are untyped beyond forward.
        self._module: Any = module.eval()
        self._moved = False

    def input_frames(self, frames: int) -> int:
        if self._fixed_frames is not None:
            return self._fixed_frames
        if hasattr(self._module, "valid_length"):
            return int(self._module.valid_length(frames))
        return frames

    def run(self, windows: FloatArray) -> FloatArray:
        with device_errors(self._device), torch.inference_mode():
            if not self._moved:
                # Not before: a network that no wanted stem needs stays out of the GPU.
                self._module.to(self._device)
                self._moved = True
            out = self._module(torch.from_numpy(windows).to(self._device))
            result: FloatArray = np.asarray(out.float().cpu().numpy())
        return result
