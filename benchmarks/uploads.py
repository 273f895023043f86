"""Uploads over loopback: MB/s by PUT and by tus, and what the servers hold while they arrive.

``python benchmarks/uploads.py [--megabytes 500] [--repeats 3] [--at-once 20] [--rounds 3]``. The
web server as ``manage.py serve`` starts it, SQLite, one song of that size for each way of sending
it and, as often, past the gateway to gunicorn's own socket, then twenty songs of a twentieth each
beside as many clients that poll, in so many rounds: what grows with the uploads made, and not with
those at once, grows in each. Throughput counts from the first byte to the answer: writing, hashing,
fsync and the look at the song are in it, and ``finish_s`` is what came after the last byte.
``times_direct`` is how many times as long a song takes through the gateway, by pairs, and
``sending_times_direct`` the same until its last byte is sent;
``gateway_cpu_s`` and ``gunicorn_cpu_s`` are the processor time of one upload through both. MB of
10^6 bytes.
"""

import http.client
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common
from stemsite.gateway.upstream import CLIENT_HEADER
from tests.jobs.uploads.live import LiveSender
from tests.web_server import WebServer

BLOCK = 1024 * 1024
TUS_CHUNK = 32 * 1024 * 1024
"""As the upload page sends."""


class Song:
    """A WAV file of noise of a given size, made while it is read; another one for each seed."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size - size % 4
        data = self.size - 44
        layout = struct.pack("<HHIIHH", 1, 2, 44_100, 176_400, 4, 16)
        head = b"RIFF" + struct.pack("<I", data + 36) + b"WAVEfmt " + struct.pack("<I", 16)
        self._head = head + layout + b"data" + struct.pack("<I", data)
        noise = np.random.default_rng(seed).integers(-3000, 3000, BLOCK // 2, dtype=np.int16)
        self._noise = noise.tobytes()

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            block = self._at(start)[: end - start]
            start += len(block)
            yield block

    def _at(self, offset: int) -> bytes:
        if offset < len(self._head):
            return self._head[offset:]
        return self._noise[(offset - len(self._head)) % BLOCK :]


class Watch:
    """The most that the serving processes held while it ran, looked at 50 times a second."""

    def __init__(self, server: WebServer) -> None:
        self._server, self._serving = server, server.gunicorns() + server.gateways()
        self.before_mb = self.peak_mb = self._now_mb()

    def _now_mb(self) -> float:
        return self._server.resident_bytes(self._serving) / 1e6

    @contextmanager
    def running(self) -> Iterator["Watch"]:
        over = threading.Event()
        watcher = threading.Thread(target=self._look, args=(over,))
        watcher.start()
        yield self
        over.set()
        watcher.join()

    def _look(self, over: threading.Event) -> None:
        while not over.wait(0.02):
            self.peak_mb = max(self.peak_mb, self._now_mb())


class _Direct(http.client.HTTPConnection):
    """To gunicorn, as the gateway comes to it."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._path)


def _connected(server: WebServer, *, directly: bool) -> http.client.HTTPConnection:
    if directly:
        return _Direct(server.gunicorn_socket())
    return http.client.HTTPConnection(server.address.removeprefix("http://"))


def send(
    sender: LiveSender, url: str, song: Song, *, tus: bool, directly: bool = False
) -> tuple[float, float]:
    """Seconds in all, and seconds from the last byte to the last answer."""
    connection = _connected(sender.server, directly=directly)
    step = TUS_CHUNK if tus else song.size
    started = last = time.perf_counter()
    for offset in range(0, song.size, step):
        end = min(offset + step, song.size)
        method, headers = ("PATCH" if tus else "PUT"), sender.patch_headers(offset, end - offset)
        connection.putrequest(method, url)
        headers |= {CLIENT_HEADER.decode(): "127.0.0.1"} if directly else {}
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        for block in song.blocks(offset, end):
            connection.send(block)
        last = time.perf_counter()
        answer = connection.getresponse()
        answer.read()
        if answer.status not in (200, 204):
            raise RuntimeError(f"{method} at {offset} was answered with {answer.status}")
    ended = time.perf_counter()
    return ended - started, ended - last


def one_by_one(sender: LiveSender, size: int, repeats: int, *, tus: bool) -> dict[str, Any]:
    server = sender.server
    watch = Watch(server)
    times, direct, gateway_s, gunicorn_s = [], [], 0.0, 0.0
    with watch.running():
        for n in range(repeats):
            song = Song(size, seed=2 * n + 1000 * tus)
            before = server.processor_s(server.gateways()), server.processor_s(server.gunicorns())
            times.append(send(sender, sender.announce(song.size), song, tus=tus))
            gateway_s += server.processor_s(server.gateways()) - before[0]
            gunicorn_s += server.processor_s(server.gunicorns()) - before[1]
            other = Song(size, seed=2 * n + 1 + 1000 * tus)
            url = sender.announce(other.size)
            direct.append(send(sender, url, other, tus=tus, directly=True))
    pairs = list(zip(times, direct, strict=True))
    return {
        "mb_per_s": common.median([size / 1e6 / total for total, _ in times], 0),
        "direct_mb_per_s": common.median([size / 1e6 / total for total, _ in direct], 0),
        "times_direct": common.median([ours / theirs for (ours, _), (theirs, _) in pairs]),
        "sending_times_direct": common.median(
            [(ours - end) / (theirs - their_end) for (ours, end), (theirs, their_end) in pairs]
        ),
        "gateway_cpu_s": round(gateway_s / repeats, 2),
        "gunicorn_cpu_s": round(gunicorn_s / repeats, 2),
        "finish_s": common.median([finish for _, finish in times]),
        "resident_before_mb": round(watch.before_mb),
        "resident_peak_mb": round(watch.peak_mb),
    }


def together(sender: LiveSender, size: int, count: int, first_seed: int) -> dict[str, Any]:
    over = threading.Event()
    statuses: list[int] = []

    def poll(_: int) -> None:
        while not over.is_set():
            statuses.append(sender.client.get("/api/v1/jobs").status_code)
            time.sleep(0.5)

    def upload(n: int) -> float:
        song = Song(size // count, seed=first_seed + n)
        return send(sender, sender.announce(song.size), song, tus=False)[0]

    watch = Watch(sender.server)
    started = time.perf_counter()
    with watch.running(), ThreadPoolExecutor(2 * count) as threads:
        polls = [threads.submit(poll, n) for n in range(count)]
        slowest = max(threads.map(upload, range(count)))
        took = time.perf_counter() - started
        over.set()
        for each in polls:
            each.result()
    return {
        "uploads": count,
        "mb_per_s": round(size / 1e6 / took),
        "slowest_s": round(slowest, 1),
        "polls": len(statuses),
        "polls_failed": sum(status != 200 for status in statuses),
        "resident_before_mb": round(watch.before_mb),
        "resident_peak_mb": round(watch.peak_mb),
    }


def main() -> None:
    parser = common.arguments(__doc__)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3, help="of uploads at once")
    options = parser.parse_args()
    size = options.megabytes * 1_000_000
    common.OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=common.OUT) as folder:
        server = WebServer(Path(folder))
        server.start()
        try:
            sender = LiveSender(server)
            one_by_one(sender, 1_000_000, 1, tus=False)  # what is loaded once, is
            figures = {
                "megabytes": options.megabytes,
                "put": one_by_one(sender, size, options.repeats, tus=False),
                "tus": one_by_one(sender, size, options.repeats, tus=True),
                "at_once": [
                    together(sender, size, options.at_once, 10_000 * (n + 1))
                    for n in range(options.rounds)
                ],
            }
        finally:
            server.stop()
    common.emit("uploads", figures)


if __name__ == "__main__":
    main()
