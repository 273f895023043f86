"""Runs converted networks in OpenVINO, in several threads side by side. Never imports torch."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import openvino

from separation.audio.blocks import FloatArray
from separation.engine.host import usable_cores
from separation.errors import ModelUnavailable

_PRECISIONS = {"float32": "f32", "bfloat16": "bf16"}
_CORES_FOR_FOUR = 8

OneWindow = Callable[[FloatArray], FloatArray]

_sharing = threading.Lock()
_in_memory: "WeakValueDictionary[tuple[object, ...], CompiledNetwork]" = WeakValueDictionary()


def default_streams(cores: int) -> int:
    """How many windows are computed side by side.

    One core for each window is fastest (htdemucs in float32 on two cores: 1.6 s per window side by
    side, 2.6 s one after the other), but each window needs 300 to 400 MB of memory.
    """
    return 4 if cores >= _CORES_FOR_FOUR else min(cores, 2)


def compiled_network(
    path: Path, *, precision: str, streams: int | None = None
) -> "CompiledNetwork":
    """The converted network at ``path``, taken from memory where it is loaded already.

    Separators with other overlaps or shifts are separate objects that run the same networks.
    Without sharing, each would load them again and spend a second on compiling them.
    """
    _touch_bindings()
    cores = usable_cores()
    streams = streams or default_streams(cores)
    with _sharing:
        key = (*_version(path), precision, streams, cores)
        network = _in_memory.get(key)
        if network is None:
            network = _in_memory[key] = CompiledNetwork(path, precision, streams, cores)
        return network


def _version(path: Path) -> tuple[object, ...]:
    """Identifies the file's content by inode, size and time, so that a replaced file differs."""
    try:
        found = path.stat()
    except OSError:
        return (path,)
    return (path, found.st_ino, found.st_size, found.st_mtime_ns)


class CompiledNetwork:
    """One converted network, compiled at the first :meth:`request`."""

    def __init__(self, path: Path, precision: str, streams: int, cores: int) -> None:
        self._cores = cores
        self.streams = streams
        self._path = path
        self._precision = precision
        self._compiling = threading.Lock()
        self._compiled: Any = None
        self._own = threading.local()

    def request(self) -> Any:
        """This thread's own inference request."""
        with self._compiling:
            if self._compiled is None:
                self._compiled = self._compile()
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        return self._own.request

    def _compile(self) -> Any:
        core = openvino.Core()
        # With mapping, the weights would stay in memory beside their compiled form.
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
                "NUM_STREAMS": self.streams,
                "INFERENCE_NUM_THREADS": self._cores,
                "INFERENCE_PRECISION_HINT": _PRECISIONS[self._precision],
            },
        )


def run_each(one: OneWindow, windows: FloatArray, streams: int) -> FloatArray:
    """Call ``one`` for each window, ``streams`` at a time; returns the results stacked."""
    pool = _threads(streams)
    futures = [pool.submit(one, window) for window in windows]
    try:
        return np.stack([future.result() for future in futures])
    finally:
        _cancel(futures)


def run_each_ahead(
    one: OneWindow, batches: Iterator[FloatArray], streams: int
) -> Generator[FloatArray]:
    """Yield the result of each batch in order. Begins one window more than there are threads, so
    that no thread waits."""
    pool = _threads(streams)
    begun: deque[list[Future[FloatArray]]] = deque()
    try:
        for batch in batches:
            begun.append([pool.submit(one, window) for window in batch])
            if sum(len(futures) for futures in begun) > streams:
                yield _results(begun)
        while begun:
            yield _results(begun)
    finally:
        for futures in begun:
            _cancel(futures)


@cache
def _touch_bindings() -> None:
    """Make each call to OpenVINO's Python bindings once, in one thread, to avoid a deadlock.

    The first use of a binding fills tables in C++ under a guard. One thread can hold the guard
    while it waits for Python's lock, and another can hold Python's lock while it waits for the
    guard. Two threads that began together stopped for ever (seen with 2026.4.1, converting an
    array).
    """
    one = openvino.opset8.parameter([1], np.float32)
    model = openvino.Model([openvino.opset8.relu(one)], [one], "touch")
    request = openvino.Core().compile_model(model, "CPU").create_infer_request()
    request.set_output_tensor(0, openvino.Tensor(np.empty(1, np.float32), shared_memory=True))
    request.infer([np.ones(1, np.float32)], share_inputs=True, share_outputs=True)
    request.get_output_tensor(0).data.copy()


@cache
def _threads(streams: int) -> ThreadPoolExecutor:
    """The thread pool that engines share: at most ``streams`` windows are computed at once,
    however many networks there are."""
    return ThreadPoolExecutor(streams, thread_name_prefix="openvino")


def _results(begun: deque[list[Future[FloatArray]]]) -> FloatArray:
    """Wait for the oldest batch. It stays in ``begun`` until it is done, so that a failure cancels
    it."""
    windows = [future.result() for future in begun[0]]
    begun.popleft()
    return windows[0][np.newaxis] if len(windows) == 1 else np.stack(windows)


def _cancel(futures: list[Future[FloatArray]]) -> None:
    for future in futures:
        future.cancel()
