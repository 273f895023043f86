"""A small separation service of the specification's kind, on loopback, which can be made to fail.

It separates by gains. ``faults`` holds, for a method and a path's first part, what happens to the
next requests instead of an answer; ``deliver`` may change what a stem's file holds.
"""

import io
import json
import socket
import struct
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import soundfile

TOKEN = "a-secret-token"
GAINS = {"drums": 0.3, "bass": 0.2, "other": 0.1, "vocals": 0.4}

Fault = Callable[["_Handler"], None]


def status(code: int, body: bytes = b"{}", **headers: str) -> Fault:
    """An answer with this status; header names with ``_`` for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(code, body, named)


def reset(handler: "_Handler") -> None:
    """The connection is cut with a TCP reset."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    handler.close_connection = True


def silence(handler: "_Handler") -> None:
    """No answer for longer than the client waits."""
    handler.service.stopping.wait(5)
    handler.close_connection = True


def half(handler: "_Handler") -> None:
    """Half of the file, then the end of the connection, though more was promised."""
    data = handler.service.file(handler.path)
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.send_header("ETag", '"v1"')
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])
    handler.close_connection = True


class Service:
    def __init__(self) -> None:
        self.faults: dict[tuple[str, str], deque[Fault]] = {}
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.uploads: list[bytes] = []
        self.asked: list[list[str]] = []
        self.polls = 1
        self.withhold: dict[int, set[str]] = {}
        self.deliver: dict[str, Callable[[np.ndarray], bytes]] = {}
        self.never_done = False
        self.stopping = threading.Event()
        self._jobs: dict[str, dict[str, Any]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.service = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def fail(self, method: str, part: str, *faults: Fault) -> None:
        self.faults.setdefault((method, part), deque()).extend(faults)

    def requests(self, method: str, part: str) -> list[dict[str, str]]:
        """The headers of those requests, in order."""
        return [h for m, path, h in self.seen if m == method and path.split("/")[1] == part]

    def wait_for(self, method: str, part: str) -> None:
        deadline = time.monotonic() + 10
        while not self.requests(method, part):
            assert time.monotonic() < deadline, self.seen
            time.sleep(0.01)

    def begin(self, audio: bytes, stems: list[str]) -> str:
        job_id = uuid.uuid4().hex
        self.uploads.append(audio)
        self.asked.append(stems)
        hidden = self.withhold.get(len(self.asked), set())
        samples, rate = soundfile.read(io.BytesIO(audio), dtype="float32", always_2d=True)
        files = {s: self._stem(s, samples, rate) for s in stems if s not in hidden}
        self._jobs[job_id] = {"files": files, "polls": self.polls}
        return job_id

    def look(self, job_id: str) -> dict[str, Any] | None:
        job = self._jobs.get(job_id)
        if job is None:
            return None
        if job["polls"] > 0 or self.never_done:
            job["polls"] -= 1
            return {"job_id": job_id, "status": "processing"}
        stems = {stem: f"/files/{job_id}/{stem}.wav" for stem in job["files"]}
        told = {"model": "gains", "version": "7", "weights_digest": "ab" * 32}
        return {"job_id": job_id, "status": "complete", "stems": stems, **told}

    def forget(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)

    def file(self, path: str) -> bytes:
        _, _, job_id, name = path.split("/")
        return bytes(self._jobs[job_id]["files"][name.removesuffix(".wav")])

    def _stem(self, stem: str, samples: np.ndarray, rate: int) -> bytes:
        sound = (GAINS[stem] * samples).astype(np.float32)
        return self.deliver[stem](sound) if stem in self.deliver else wav(sound, rate)


def wav(samples: np.ndarray, rate: int = 44_100, **kind: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **{"format": "WAV", "subtype": "FLOAT", **kind})
    return file.getvalue()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body go in two writes, and the second would wait 40 ms for the first.
    disable_nagle_algorithm = True

    @property
    def service(self) -> Service:
        return self.server.service  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        if self._fails():
            return
        part, *rest = self.path.strip("/").split("/")
        if part == "jobs":
            job = self.service.look(rest[0])
            self._json(200 if job else 404, job or {})
        elif part == "files":
            self._file(self.service.file(self.path))
        else:
            self._json(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._fails():
            return
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts: dict[Any, Any] = {
            part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
            for part in message_from_bytes(head + body, policy=HTTP).iter_parts()
        }
        job_id = self.service.begin(parts["audio"], parts["stems"].decode().split(","))
        self._json(202, {"job_id": job_id, "status": "pending"})

    def do_DELETE(self) -> None:
        if not self._fails():
            self.service.forget(self.path.rsplit("/", 1)[1])
            self._json(200, {})

    def _fails(self) -> bool:
        self.service.seen.append((self.command, self.path, dict(self.headers)))
        waiting = self.service.faults.get((self.command, self.path.split("/")[1]))
        if waiting:
            waiting.popleft()(self)
            return True
        is_file = self.path.startswith("/files/")
        if not is_file and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._json(401, {"error_message": "who are you?"})
            return True
        return False

    def _file(self, data: bytes) -> None:
        span = self.headers.get("Range")
        start = int(span.removeprefix("bytes=").rstrip("-")) if span else 0
        extra = {"ETag": '"v1"'}
        if span:
            extra["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.answer(206 if span else 200, data[start:], extra)

    def _json(self, code: int, body: object) -> None:
        self.answer(code, json.dumps(body).encode(), {})

    def answer(self, code: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The tests say what they saw."""
