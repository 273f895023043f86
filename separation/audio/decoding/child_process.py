"""Runs the decoding child: starts it by exec, supervises it, and kills its whole process group."""

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from separation.audio.names import one_line
from separation.errors import (
    CorruptAudio,
    DeadlineExceeded,
    DecoderUnavailable,
    OutOfMemory,
    SeparationError,
    WorkerLost,
    error_from_code,
)
from separation.system.import_root import IMPORT_ROOT
from separation.system.process_tree import Movement
from separation.system.processes import NOWHERE

if TYPE_CHECKING:
    from separation.audio.decoding.decoder_pool import DecoderPool, ForkedChild

logger = logging.getLogger(__name__)

_BOOT = (
    "import importlib, sys; sys.path.append(sys.argv[1]); "
    "from separation.sandbox.namespaces import leave_network; leave_network(); "
    "from separation.system.processes import end_with_parent; "
    "end_with_parent(parent=int(sys.argv[3])); "
    "importlib.import_module(sys.argv[4]).main(sys.argv[2])"
)
"""Isolated mode (-I) keeps the working directory and the environment out of the import path; the
one folder that the child needs is an argument. The child first arranges to end with its parent: the
imports take so long that the parent may be killed meanwhile."""

DECODER = "separation.audio.decoding.decode_child"

CHILD_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""The child inherits no variables (keys, addresses of databases). It has one thread, as each
further thread reserves address space."""

_BEAT_S = 0.2
"""Interval of ``on_progress`` calls while the child works; bounds the delay of a cancel."""

_PARTING_S = 1.0
_MAX_LINE_BYTES = 256 * 1024
_KEPT_STDERR_BYTES = 4096


def run_child(
    task: dict[str, Any],
    *,
    wall_s: float,
    on_progress: Callable[[float | None], None],
    on_peak: Callable[[int], None] = lambda _: None,
    decoder_pool: "DecoderPool | None" = None,
    program: str = DECODER,
) -> dict[str, Any]:
    """Run one task to its end and return what the child measured.

    The child is started by exec, or forked by ``decoder_pool``, which forks decoders only.
    ``program``: the module whose ``main`` receives the task.

    ``on_progress`` receives the completed fraction (``None``: nothing new) five times a second
    while the child makes progress, and is not called for a child that stands still. An error that
    it raises kills the child and is passed on. ``on_peak`` receives the peak memory of the child
    until then, in bytes.

    Raises the child's named error, ``DeadlineExceeded`` after ``wall_s``, ``CorruptAudio`` when the
    child dies, and ``DecoderUnavailable`` when it dies before it reads the file.
    """
    with _started(task, decoder_pool, program) as process:
        answer, stderr = _listen(process, time.monotonic() + wall_s, wall_s, on_progress, on_peak)
        exit_code = _exit_code(process)
    if answer is None or "done" not in answer:
        raise _failure(answer, exit_code, stderr)
    done: dict[str, Any] = answer["done"]
    return done


@contextlib.contextmanager
def _started(
    task: dict[str, Any], decoder_pool: "DecoderPool | None", program: str
) -> Iterator["subprocess.Popen[bytes] | ForkedChild"]:
    """Start the child in its own process group; kill the whole group at the end."""
    process = _executed(task, program) if decoder_pool is None else decoder_pool.fork(task)
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _executed(task: dict[str, Any], program: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            *(sys.executable, "-I", "-c", _BOOT),
            *(str(IMPORT_ROOT), json.dumps(task), str(os.getpid()), program),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=NOWHERE,
        env=CHILD_ENVIRONMENT,
        start_new_session=True,
    )


def _listen(
    process: "subprocess.Popen[bytes] | ForkedChild",
    deadline: float,
    wall_s: float,
    on_progress: Callable[[float | None], None],
    on_peak: Callable[[int], None],
) -> tuple[dict[str, Any] | None, bytes]:
    """Read both pipes until the child closes them; return the last message and the end of
    stderr."""
    assert process.stdout is not None and process.stderr is not None
    answer: dict[str, Any] | None = None
    pending, stderr = b"", b""
    movement = Movement(process.pid)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        while selector.get_map():
            fraction: float | None = None
            for key, _ in selector.select(_BEAT_S):
                data = os.read(key.fd, 65_536)
                if not data:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stderr:
                    stderr = (stderr + data)[-_KEPT_STDERR_BYTES:]
                else:
                    *lines, pending = (pending + data).split(b"\n")
                    for line in lines:
                        answer = parse_message(line)
                        fraction = answer.get("fraction", fraction)
                        if "peak_bytes" in answer:
                            on_peak(answer["peak_bytes"])
                    if len(pending) > _MAX_LINE_BYTES:
                        raise CorruptAudio("The file made the decoder talk nonsense.")
            if movement.has_moved() or fraction is not None:
                on_progress(fraction)
            if time.monotonic() > deadline:
                raise DeadlineExceeded(
                    f"Decoding took longer than the {wall_s:g} seconds that are allowed. "
                    "Convert the file to WAV or FLAC, or cut it."
                )
    return answer, stderr


def _exit_code(process: "subprocess.Popen[bytes] | ForkedChild") -> int | None:
    """Return the exit code of a child that has closed its pipes; kill it if it does not exit in
    ``_PARTING_S`` (``None``)."""
    try:
        return process.wait(timeout=_PARTING_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def parse_message(line: bytes) -> dict[str, Any]:
    """Return the message in one line of the child, after a check of its fields' types.

    Raises ``CorruptAudio`` for a malformed message: hostile bytes may control the child.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or not all(
        fits(message[key]) for key, fits in _FITTING.items() if key in message
    ):
        raise CorruptAudio("The file made the decoder talk nonsense.")
    return message


def _is_share(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and 0.0 <= value <= 1.0)


_FITTING: dict[str, Callable[[Any], bool]] = {
    "fraction": _is_share,
    "peak_bytes": lambda value: isinstance(value, int) and value >= 0,
    "done": lambda value: isinstance(value, dict),
    "error": lambda value: isinstance(value, str),
    "detail": lambda value: isinstance(value, str),
}


def _failure(
    answer: dict[str, Any] | None, exit_code: int | None, stderr: bytes
) -> SeparationError:
    """Return the reason why there is no result; log details for the operator."""
    if answer is not None and "error" in answer:
        error = error_from_code(one_line(answer["error"]), one_line(answer.get("detail", "")))
        if not isinstance(error, DecoderUnavailable):
            return error
    else:
        error = _cause_of_death(exit_code, was_ready=answer is not None)
    logger.error(
        "decoding child ended with %s: %s", exit_code, stderr.decode(errors="backslashreplace")
    )
    return error


def _cause_of_death(exit_code: int | None, *, was_ready: bool) -> SeparationError:
    if exit_code == -signal.SIGXCPU:
        return DeadlineExceeded("Decoding the file took more processor time than is allowed.")
    if exit_code == -signal.SIGKILL:
        # No file can cause SIGKILL; the kernel sends it when memory runs out.
        return OutOfMemory("The system stopped the decoder, perhaps for want of memory. Try again.")
    if exit_code == -signal.SIGTERM:
        # An init system sends SIGTERM to every process of a service: no fault of the file.
        return WorkerLost("The decoder was told to stop. Try again.")
    if not was_ready:
        return DecoderUnavailable()
    return CorruptAudio(
        "The file made the decoder crash, so it is damaged or made to harm. "
        "Export it again or convert it to WAV or FLAC."
    )
