"""Converted networks run by OpenVINO on the CPU. Imports openvino, never torch."""

import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import openvino

from separation.audio.blocks import FloatArray
from separation.engine.converted import NetworkRecord
from separation.engine.devices import device_errors
from separation.engine.host import usable_cores
from separation.engine.interface import Engine
from separation.engine.spectra import Spectra
from separation.errors import ModelUnavailable

_PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
_CORES_FOR_FOUR = 8


def default_streams(cores: int) -> int:
    """How many windows are computed side by side.

    A core to itself serves a window best (two cores: 1.6 s for each of two against 2.6 s for one
    after the other, htdemucs in float32), but each needs 300 to 400 MB of memory.
    """
    return 4 if cores >= _CORES_FOR_FOUR else min(cores, 2)


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
        _touch_bindings()
        cores = usable_cores()
        self.stems = stems
        self.segment_frames = segment_frames or record.segment_frames
        self.precision = precision
        self.draws_below = record.draws_below
        self._path = path
        self._frames = record.frames
        self._fixed_frames = fixed_frames or record.frames
        self._spectra = Spectra(record.stft_window, record.frames)
        self._cores = cores
        self._streams = streams or default_streams(cores)
        self._compiling = threading.Lock()
        self._compiled: Any = None
        self._own = threading.local()

    def input_frames(self, frames: int) -> int:
        return self._fixed_frames

    def run(self, windows: FloatArray) -> FloatArray:
        pool = _threads(self._streams)
        futures = [pool.submit(self._separate, window) for window in windows]
        try:
            return np.stack([future.result() for future in futures])
        finally:
            _give_up(futures)

    def run_ahead(self, batches: Iterator[FloatArray]) -> Generator[FloatArray]:
        """One more than there are threads is taken ahead, so that none of them waits."""
        pool = _threads(self._streams)
        begun: deque[list[Future[FloatArray]]] = deque()
        try:
            for batch in batches:
                begun.append([pool.submit(self._separate, window) for window in batch])
                if sum(len(futures) for futures in begun) > self._streams:
                    yield _results(begun)
            while begun:
                yield _results(begun)
        finally:
            for futures in begun:
                _give_up(futures)

    def _separate(self, window: FloatArray) -> FloatArray:
        """(channels, n) to (stems, channels, n), n no longer than the network's window."""
        frames = window.shape[-1]
        if frames < self._frames:
            # On the right, as demucs pads what is shorter than its training segment.
            window = np.pad(window, ((0, 0), (0, self._frames - frames)))
        with device_errors("cpu"):
            request = self._request()
            inputs = [self._spectra.forward(window)[np.newaxis], window[np.newaxis]]
            request.infer(inputs, share_inputs=True, share_outputs=True)
        out = self._spectra.inverse(request.get_output_tensor(0).data[0])
        out += request.get_output_tensor(1).data[0]
        return out[..., :frames]

    def _request(self) -> Any:
        """This thread's own place to run the network in."""
        with self._compiling:
            if self._compiled is None:
                self._compiled = self._compile()
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        return self._own.request

    def _compile(self) -> Any:
        core = openvino.Core()
        # Mapped, the weights would stay in memory beside the form that compiling gives them.
        core.set_property({"ENABLE_MMAP": False})
        try:
            model = core.read_model(self._path)
        except RuntimeError as error:
            raise ModelUnavailable(
                "The converted model cannot be read; it may have been deleted meanwhile. "
                "Run the job again: it is then converted anew."
            ) from error
        return core.compile_model(
            model,
            "CPU",
            {
                "PERFORMANCE_HINT": "THROUGHPUT",
                "NUM_STREAMS": self._streams,
                "INFERENCE_NUM_THREADS": self._cores,
                "INFERENCE_PRECISION_HINT": _PRECISIONS[self.precision],
            },
        )


@cache
def _touch_bindings() -> None:
    """Use every call of OpenVINO's Python bindings that is used here, once, in one thread.

    Their first use fills tables in C++, whose guard one thread then holds while it waits for
    Python's lock, and another waits for the guard while it holds that lock: two threads that
    began together stood still for ever (seen with 2026.4.1, in the conversion of an array).
    """
    one = openvino.opset8.parameter([1], np.float32)
    model = openvino.Model([openvino.opset8.relu(one)], [one], "touch")
    request = openvino.Core().compile_model(model, "CPU").create_infer_request()
    request.infer([np.ones(1, np.float32)], share_inputs=True, share_outputs=True)
    request.get_output_tensor(0).data.copy()


@cache
def _threads(streams: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(streams, thread_name_prefix="openvino")


def _results(begun: deque[list[Future[FloatArray]]]) -> FloatArray:
    """Wait for the oldest batch; it stays in ``begun`` until it is done, to be given up if not."""
    windows = [future.result() for future in begun[0]]
    begun.popleft()
    return windows[0][np.newaxis] if len(windows) == 1 else np.stack(windows)


def _give_up(futures: list[Future[FloatArray]]) -> None:
    for future in futures:
        future.cancel()
