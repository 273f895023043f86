"""Runs mask networks with OpenVINO on the CPU. Imports openvino, never torch."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import openvino

from separation.audio.blocks import FloatArray
from separation.base import CHANNELS
from separation.engine.devices import device_errors
from separation.engine.interface import Engine
from separation.engine.openvino_runtime import compiled_network, run_each, run_each_ahead
from separation.engine.spectrogram.layout import BINS, FRAMES


class OpenVinoMasks(Engine):
    """One converted :class:`~separation.engine.spectrogram.network.MaskNetwork`.

    Windows are spectra (channels, ``FRAMES``, ``BINS``, 2 parts), as for
    :class:`~separation.engine.spectrogram.stream.MaskStream`.
    """

    name: ClassVar[str] = "openvino"

    def __init__(
        self,
        path: Path,
        *,
        stems: tuple[str, ...],
        precision: str = "float32",
        streams: int | None = None,
    ) -> None:
        """``path``: the converted network."""
        self._network = compiled_network(path, precision=precision, streams=streams)
        self.stems = stems
        self._shape = (1, len(stems), CHANNELS, FRAMES, BINS)
        self.segment_frames = FRAMES
        self.precision = precision

    def input_frames(self, frames: int) -> int:
        return FRAMES

    def run(self, windows: FloatArray) -> FloatArray:
        return run_each(self._masks, windows, self._network.streams)

    def run_ahead(self, batches: Iterator[FloatArray]) -> Generator[FloatArray]:
        return run_each_ahead(self._masks, batches, self._network.streams)

    def _masks(self, window: FloatArray) -> FloatArray:
        with device_errors("cpu"):
            request = self._network.request()
            masks = np.empty(self._shape, dtype=np.float32)
            # OpenVINO writes into our array, because a copy of its own would double the memory.
            request.set_output_tensor(0, openvino.Tensor(masks, shared_memory=True))
            request.infer([window[np.newaxis]], share_inputs=True, share_outputs=True)
        (found,) = masks
        return found
