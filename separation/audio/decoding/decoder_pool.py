"""Decoding children for thousands of files: one process imports their modules and forks them.

Each file still has its own process, in the same sandbox as one that is started by exec
(:mod:`separation.audio.decoding.child_process`). The child needs no imports, which take most of the
time of a short song. The process that forks has one thread and reads no song, so its memory holds
no data of another file.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import traceback
from typing import IO, Any, NoReturn

from separation.errors import DecoderUnavailable, SeparationError, WorkerLost
from separation.system.closeable import Closing
from separation.system.import_root import IMPORT_ROOT

_BOOT = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from separation.sandbox.namespaces import leave_network; leave_network(); "
    "from separation.system.processes import end_with_parent; "
    "end_with_parent(parent=int(sys.argv[2])); "
    "from separation.audio.decoding.decoder_pool import serve; serve(int(sys.argv[3]))"
)
_NUMBER = struct.Struct("!q")
"""A number on the socket: the length of a task, and every answer."""

_PARTING_S = 1.0


class ForkedChild:
    """The part of :class:`subprocess.Popen` that running a decoding child needs."""

    def __init__(self, pid: int, line: socket.socket, stdout: IO[bytes], stderr: IO[bytes]) -> None:
        self.pid, self.stdout, self.stderr = pid, stdout, stderr
        self.returncode: int | None = None
        self._line = line

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, or minus the signal. Until then no other process can have this pid.

        Raises ``subprocess.TimeoutExpired``.
        """
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                self.returncode = _receive_number(self._line)
                self._line.sendall(_NUMBER.pack(0))
            except TimeoutError:
                raise subprocess.TimeoutExpired("decoding child", timeout or 0.0) from None
            except OSError:
                # The forking process was killed, and the kernel then killed this child.
                self.returncode = -signal.SIGKILL
        return self.returncode


class DecoderPool(Closing):
    """Forks one child at a time, for one thread; the forking process ends with that thread.

    The forking process is started for the first child, and again after it was killed.
    ``environment``: the complete environment of this process and its children.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def fork(self, task: dict[str, Any]) -> ForkedChild:
        """Start a child that works on ``task``, in its own process group.

        Raises ``WorkerLost`` if the forking process is killed at this moment, and
        ``DecoderUnavailable`` if it cannot import the modules for decoding.
        """
        if self._process is None or self._process.poll() is not None:
            self._start()
        assert self._line is not None
        message = json.dumps(task).encode()
        stdout, stderr = os.pipe(), os.pipe()
        try:
            self._line.settimeout(None)
            socket.send_fds(self._line, [_NUMBER.pack(len(message))], [stdout[1], stderr[1]])
            self._line.sendall(message)
            pid = _receive_number(self._line)
        except OSError as error:
            os.close(stdout[0])
            os.close(stderr[0])
            raise self._cause_of_death() from error
        finally:
            os.close(stdout[1])
            os.close(stderr[1])
        return ForkedChild(
            pid, self._line, os.fdopen(stdout[0], "rb", 0), os.fdopen(stderr[0], "rb", 0)
        )

    def _cause_of_death(self) -> SeparationError:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self._process.wait(timeout=_PARTING_S) > 0:
                # It exited by itself, and therefore before its first task: its imports failed.
                return DecoderUnavailable()
        return WorkerLost("The process that starts the decoders was stopped. Try again.")

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._line = None

    def _start(self) -> None:
        self.close()
        self._line, process_end = socket.socketpair()
        with process_end:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-c", _BOOT),
                    *(str(IMPORT_ROOT), str(os.getpid()), str(process_end.fileno())),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[process_end.fileno()],
                cwd="/",
                env=self._environment,
                start_new_session=True,
            )


def serve(descriptor: int) -> None:
    """Fork a child for every task until the socket closes; the main loop of the process."""

    # A collection in a child would copy the pages of all these objects.
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as line, contextlib.suppress(OSError):
        while True:
            task, pipes = _receive_task(line)
            pid = os.fork()
            if pid == 0:
                _run_child(task.decode(), line, pipes)
            for pipe in pipes:
                os.close(pipe)
            _set_process_group(pid)
            line.sendall(_NUMBER.pack(pid))
            line.sendall(_NUMBER.pack(_wait_for_exit(pid)))
            _receive_number(line)
            # Only after the other side has received the exit code: until then it may kill the
            # process by its pid, which must not belong to another process.
            os.waitpid(pid, 0)


def _run_child(task: str, line: socket.socket, pipes: list[int]) -> NoReturn:
    from separation.audio.decoding.decode_child import main
    from separation.system.processes import NOWHERE, end_with_parent

    try:
        line.close()
        _set_process_group(0)
        end_with_parent(parent=os.getppid())
        os.chdir(NOWHERE)
        for pipe, number in zip(pipes, (1, 2), strict=True):
            os.dup2(pipe, number)
            os.close(pipe)
        main(task)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def _set_process_group(pid: int) -> None:
    """Called on both sides of the fork, as either may run first."""
    with contextlib.suppress(OSError):
        os.setpgid(pid, 0)


def _wait_for_exit(pid: int) -> int:
    """Wait, and return the exit code, or minus the signal. The process stays a zombie."""
    ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def _receive_task(line: socket.socket) -> tuple[bytes, list[int]]:
    head, pipes, _, _ = socket.recv_fds(line, _NUMBER.size, 2)
    (length,) = _NUMBER.unpack(head + _receive(line, _NUMBER.size - len(head)))
    return _receive(line, length), pipes


def _receive_number(line: socket.socket) -> int:
    """Raises ``OSError`` if the other side has closed the socket."""
    (number,) = _NUMBER.unpack(_receive(line, _NUMBER.size))
    return int(number)


def _receive(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = line.recv(count - len(data))
        if not more:
            raise ConnectionError("the other side is gone")
        data += more
    return data
