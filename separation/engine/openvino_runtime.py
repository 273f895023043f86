"""A converted network in OpenVINO, run by several threads side by side. Never imports torch."""

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

    A core to itself serves a window best (two cores: 1.6 s for each of two against 2.6 s for one
    after the other, htdemucs in float32), but each needs 300 to 400 MB of memory.
    """
    return 4 if cores >= _CORES_FOR_FOUR else min(cores, 2)


def compiled_network(
    path: Path, *, precision: str, streams: int | None = None
) -> "CompiledNetwork":
    """The converted network at ``path``: the one that is in memory, where there is one.

    Separators with other overlaps or shifts are objects of their own and run the same networks:
    each would take their memory, and its first song the second in which they are compiled.
    """
    _touch_bindings()
    cores = usable_cores()
    streams = streams or default_streams(cores)
    with _sharing:
        known = (*_version(path), precision, streams, cores)
        network = _in_memory.get(known)
        if network is None:
            network = _in_memory[known] = CompiledNetwork(path, precision, streams, cores)
        return network


def _version(path: Path) -> tuple[object, ...]:
    """What tells a file from another that was put in its place."""
    try:
        found = path.stat()
    except OSError:
        return (path,)
    return (path, found.st_ino, found.st_size, found.st_mtime_ns)


class CompiledNetwork:
    """One converted network, compiled when it is first asked for."""

    def __init__(self, path: Path, precision: str, streams: int, cores: int) -> None:
        self._cores = cores
        self.streams = streams
        self._path = path
        self._precision = precision
        self._compiling = threading.Lock()
        self._compiled: Any = None
        self._own = threading.local()

    def request(self) -> Any:
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
                "NUM_STREAMS": self.streams,
                "INFERENCE_NUM_THREADS": self._cores,
                "INFERENCE_PRECISION_HINT": _PRECISIONS[self._precision],
            },
        )


def run_each(one: OneWindow, windows: FloatArray, streams: int) -> FloatArray:
    """``one`` for each window, ``streams`` of them side by side; stacked."""
    pool = _threads(streams)
    futures = [pool.submit(one, window) for window in windows]
    try:
        return np.stack([future.result() for future in futures])
    finally:
        _give_up(futures)


def run_each_ahead(
    one: OneWindow, batches: Iterator[FloatArray], streams: int
) -> Generator[FloatArray]:
    """The results of each batch in order; one more than there are threads is taken ahead, so that
    none of them waits."""
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
            _give_up(futures)


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
    request.set_output_tensor(0, openvino.Tensor(np.empty(1, np.float32), shared_memory=True))
    request.infer([np.ones(1, np.float32)], share_inputs=True, share_outputs=True)
    request.get_output_tensor(0).data.copy()


@cache
def _threads(streams: int) -> ThreadPoolExecutor:
    """Engines share these: however many networks there are, no more than ``streams`` windows are
    computed at once."""
    return ThreadPoolExecutor(streams, thread_name_prefix="openvino")


def _results(begun: deque[list[Future[FloatArray]]]) -> FloatArray:
    """Wait for the oldest batch; it stays in ``begun`` until it is done, to be given up if not."""
    windows = [future.result() for future in begun[0]]
    begun.popleft()
    return windows[0][np.newaxis] if len(windows) == 1 else np.stack(windows)


def _give_up(futures: list[Future[FloatArray]]) -> None:
    for future in futures:
        future.cancel()
