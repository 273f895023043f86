"""Runs converted networks with OpenVINO on the CPU. Imports openvino, never torch."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from separation.audio.blocks import FloatArray
from separation.engine.converted import NetworkRecord
from separation.engine.devices import device_errors
from separation.engine.interface import Engine
from separation.engine.openvino_runtime import compiled_network, run_each, run_each_ahead
from separation.engine.spectra import Spectra


class OpenVinoEngine(Engine):
    """One converted network, compiled at its first window.

    Each window goes through STFT, network and inverse STFT in one of ``streams`` threads, so that
    the transforms of one overlap the network of another. Engines share these threads: however
    many networks a bag has, no more than ``streams`` windows are computed at once.
    """

    name: ClassVar[str] = "openvino"

    def __init__(
        self,
        path: Path,
        record: NetworkRecord,
        *,
        stems: tuple[str, ...],
        segment_frames: int | None = None,
        fixed_frames: int | None = None,
        precision: str = "float32",
        streams: int | None = None,
    ) -> None:
        """``path``: the converted network. ``segment_frames``, ``fixed_frames``: as for
        ``TorchEngine``; neither may exceed ``record.frames``."""
        self._network = compiled_network(path, precision=precision, streams=streams)
        self.stems = stems
        self.segment_frames = segment_frames or record.segment_frames
        self.precision = precision
        self.draws_below = record.draws_below
        self._frames = record.frames
        self._fixed_frames = fixed_frames or record.frames
        self._spectra = Spectra(record.stft_window, record.frames)

    def input_frames(self, frames: int) -> int:
        return self._fixed_frames

    def run(self, windows: FloatArray) -> FloatArray:
        return run_each(self._separate, windows, self._network.streams)

    def run_ahead(self, batches: Iterator[FloatArray]) -> Generator[FloatArray]:
        return run_each_ahead(self._separate, batches, self._network.streams)

    def _separate(self, window: FloatArray) -> FloatArray:
        """(channels, n) to (stems, channels, n), n no longer than the network's window."""
        frames = window.shape[-1]
        if frames < self._frames:
            # On the right, as demucs pads a window shorter than its training segment.
            window = np.pad(window, ((0, 0), (0, self._frames - frames)))
        with device_errors("cpu"):
            request = self._network.request()
            inputs = [self._spectra.forward(window)[np.newaxis], window[np.newaxis]]
            request.infer(inputs, share_inputs=True, share_outputs=True)
        out = self._spectra.inverse(request.get_output_tensor(0).data[0])
        out += request.get_output_tensor(1).data[0]
        return out[..., :frames]
