"""The gateway and gunicorn behind it, as ``manage.py serve`` starts them, with an application that
is quick to start and limits that tests can wait for."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from stemsite.gateway.limits import Limits

ROOT = Path(__file__).resolve().parents[3]
START_S = 60.0
LIMITS = Limits(
    header_s=1.0,
    idle_s=1.0,
    header_bytes=16 * 1024,
    buffer_bytes=128 * 1024,
    pace_s=1.0,
    pace_bytes_per_s=1000,
    give_way_s=0.5,
    connections=400,
    address_connections=300,
    threads=4,
    address_threads=3,
    queue_s=30.0,
    drain_s=10.0,
)
PATIENT = replace(LIMITS, header_s=60.0, idle_s=60.0, pace_s=60.0)
"""With these nothing ends by itself: what ends, gave way."""


class LiveGateway:
    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder, self.limits = folder, limits
        self.socket = folder / "web.sock"
        self.port = _free_port()
        self.log = folder / "log"
        self._gunicorn: subprocess.Popen[bytes] | None = None
        self._gateway: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.start_gunicorn()
        self._gateway = self._run(
            "stemsite.gateway", "--host", "127.0.0.1", "--port", str(self.port),
            "--upstream", str(self.socket), "--limits", self.limits.to_json(),
        )  # fmt: skip
        deadline = time.monotonic() + START_S
        while self.ask("GET /told").status != 200:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def start_gunicorn(self) -> None:
        self._gunicorn = self._run(
            "gunicorn", "tests.stemsite.gateway.echo:behind", "--bind", f"unix:{self.socket}",
            "--worker-class", "gthread", "--threads", str(self.limits.threads),
            "--log-level", "warning",
        )  # fmt: skip

    def kill_gunicorn(self) -> None:
        assert self._gunicorn is not None
        os.killpg(self._gunicorn.pid, signal.SIGKILL)
        self._gunicorn.wait()
        wait_until(self._is_refused)  # its worker ends a little later

    def _is_refused(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) != 0

    def tell_to_stop(self) -> None:
        assert self._gateway is not None
        self._gateway.terminate()

    def ended_with(self) -> int:
        assert self._gateway is not None
        return self._gateway.wait(timeout=START_S)

    def stop(self) -> None:
        for process in (self._gateway, self._gunicorn):
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def connect(self, source: str = "127.0.0.1", *, receive_bytes: int | None = None) -> "Wire":
        connection = socket.socket()
        if receive_bytes is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.bind((source, 0))
        connection.settimeout(START_S)
        connection.connect(("127.0.0.1", self.port))
        if connection.getsockname() == connection.getpeername():
            # While nobody listens, a connection can meet itself (RFC 9293, 3.5).
            raise ConnectionRefusedError
        return Wire(connection)

    def ask(self, first: str, *headers: str, body: bytes = b"", source: str = "127.0.0.1") -> Any:
        """One request on a connection of its own; status 0 where there is no answer."""
        try:
            with contextlib.closing(self.connect(source)) as wire:
                wire.head(first, "Connection: close", *headers)
                wire.send(body)
                return wire.answer()
        except OSError:
            return Answer(0, {}, b"")

    def _run(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env={
                    **os.environ,
                    "ECHO_FOLDER": str(self.folder),
                },
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


class Wire:
    """One connection, on which a test writes what it likes."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._held = b""

    def head(self, first: str, *headers: str) -> None:
        lines = [f"{first} HTTP/1.1", "Host: localhost", *headers, "", ""]
        self.send("\r\n".join(lines).encode())

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, *, has_body: bool = True) -> Answer:
        """Raises ``ConnectionError`` where the connection ends before the answer does."""
        while b"\r\n\r\n" not in self._held:
            self._receive()
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = self._body(headers) if has_body else b""
        return Answer(int(first.split()[1]), headers, body)

    def ends_within(self, seconds: float) -> bool:
        """Whether the other side closes, however much it sends before."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            return True
        return True

    def is_cut(self) -> bool:
        """Whether the other side has reset the connection; reads nothing."""
        poll = select.poll()
        poll.register(self.socket, 0)
        return bool(poll.poll(0))

    def close(self) -> None:
        self.socket.close()

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            return b"".join(self._chunks())
        return self._take(int(headers.get("content-length", "0")))

    def _chunks(self) -> Iterator[bytes]:
        while True:
            while b"\r\n" not in self._held:
                self._receive()
            size, _, self._held = self._held.partition(b"\r\n")
            chunk = self._take(int(size, 16) + 2)[:-2]
            if not chunk:
                return
            yield chunk

    def _take(self, count: int) -> bytes:
        blocks, held = [self._held], len(self._held)
        while held < count:
            self._held = b""
            self._receive()
            blocks.append(self._held)
            held += len(self._held)
        everything = b"".join(blocks)
        self._held = everything[count:]
        return everything[:count]

    def _receive(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the connection ended before the answer did")
        self._held += data


@contextmanager
def running(folder: Path, limits: Limits) -> Iterator[LiveGateway]:
    gateway = LiveGateway(folder, limits)
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.stop()


def wait_until(is_so: Callable[[], Any], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
