"""A program that uploads to a real server over the network."""

import json
import socket
from typing import Any

import httpx2

from tests.web_server import WebServer


class LiveSender:
    def __init__(self, server: WebServer, name: str = "sender") -> None:
        self.server, self.token = server, server.token(name)
        self.headers = {"Authorization": f"Token {self.token}"}
        # Sooner than the server, which closes a silent connection after two seconds: a request
        # that meets the end of it is lost.
        kept = httpx2.Limits(keepalive_expiry=1.0)
        self.client = httpx2.Client(
            base_url=server.address, headers=self.headers, timeout=300, limits=kept
        )

    @property
    def endpoint(self) -> str:
        return f"{self.server.address}/api/v1/uploads"

    def announce(self, size: int, name: str = "Song.wav", **fields: Any) -> str:
        body = {"name": name, "size_bytes": size, **fields}
        answer = self.client.post("/api/v1/uploads", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    def look(self, url: str) -> Any:
        return self.client.get(url).json()

    def offset(self, url: str) -> int:
        answer = self.client.head(url, headers={"Tus-Resumable": "1.0.0"})
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["Upload-Offset"])

    def patch_headers(self, offset: int, length: int) -> dict[str, str]:
        return {
            **self.headers,
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(length),
        }

    def patch(self, url: str, data: bytes, offset: int) -> Any:
        return self.client.patch(url, content=data, headers=self.patch_headers(offset, len(data)))

    def patch_that_hangs(self, url: str, data: bytes, *, of: int, offset: int = 0) -> socket.socket:
        """A PATCH of which only ``data`` of ``of`` bytes is sent; the connection stays open."""
        host, _, port = self.server.address.removeprefix("http://").partition(":")
        connection = socket.create_connection((host, int(port)), timeout=60)
        lines = [f"PATCH {url} HTTP/1.1", f"Host: {host}:{port}"]
        lines += [f"{name}: {value}" for name, value in self.patch_headers(offset, of).items()]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + data)
        return connection


def error_of(answer: Any) -> str:
    return str(json.loads(answer.text)["code"])
