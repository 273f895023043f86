"""A program that speaks tus or plain JSON and PUT, one request at a time."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

from rest_framework.test import APIClient

UPLOADS = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
OFFSET_BYTES = "application/offset+octet-stream"


def encoded(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    return base64.b64encode(data).decode()


def checksum(algorithm: str, data: bytes) -> str:
    return f"{algorithm} {encoded(hashlib.new(algorithm, data).digest())}"


class Sender:
    def __init__(self, client: APIClient) -> None:
        self.client = client

    def announce(self, size: int, name: str = "Song.wav", **fields: Any) -> Any:
        """By JSON."""
        body = {"name": name, "size_bytes": size, **fields}
        return self.client.post(UPLOADS, body, format="json")

    def create(self, size: int, name: str = "Song.wav", options: Any = None, **headers: str) -> Any:
        """By tus."""
        metadata = f"filename {encoded(name)}"
        if options is not None:
            metadata += f",options {encoded(json.dumps(options))}"
        told = {"Upload-Length": str(size), "Upload-Metadata": metadata}
        return self.client.post(UPLOADS, headers={**TUS, **told, **headers})

    def address(self, size: int, **more: Any) -> str:
        return urlsplit(self.create(size, **more).headers["Location"]).path

    def patch(self, address: str, data: bytes, offset: int = 0, **headers: str) -> Any:
        told = {**TUS, "Upload-Offset": str(offset), **headers}
        kind = told.pop("Content-Type", OFFSET_BYTES)
        return self.client.patch(address, data, content_type=kind, headers=told)

    def put(self, address: str, data: bytes, **headers: str) -> Any:
        kind = "application/octet-stream"
        return self.client.put(address, data, content_type=kind, headers=headers)

    def offset(self, address: str) -> int:
        return int(self.client.head(address, headers=TUS).headers["Upload-Offset"])

    def look(self, address: str) -> Any:
        return self.client.get(address).json()
