"""Bodies that hold fields and no song: read to a limit, and refused in words."""

from typing import Any

import pytest
from django.conf import settings as site
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"


class Endless:
    """A body of a gigabyte, of which is counted how much was read."""

    def __init__(self, start: bytes) -> None:
        self.start, self.read_bytes = start, 0

    def read(self, size: int = -1) -> bytes:
        assert 0 <= size <= 2**20, "what is not read in blocks is held in memory"
        block = self.start[:size] or b" " * size
        self.start = self.start[size:]
        self.read_bytes += len(block)
        return block

    readline = read


STARTS = {
    JSON: b'{"username": "',
    FORM: b"username=",
    MULTIPART: b'--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n',
}


@pytest.mark.parametrize("kind", STARTS)
def test_nobody_s_fields_fill_the_memory_or_the_disk(anonymous: APIClient, kind: str) -> None:
    body = Endless(STARTS[kind])
    told: dict[str, Any] = {"wsgi.input": body, "CONTENT_LENGTH": str(2**30)}

    answer = anonymous.generic("POST", "/api/v1/auth/token", content_type=kind, **told)

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert body.read_bytes <= site.MAX_FIELDS_BYTES + 1


def test_how_much_fields_may_hold_is_a_setting(anonymous: APIClient, settings: Settings) -> None:
    settings.MAX_FIELDS_BYTES = 64
    answer = anonymous.post("/api/v1/auth/token", {"username": "x" * 100})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "64 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("address", ["/api/v1/jobs", "/api/v1/uploads", "/api/v1/auth/token"])
@pytest.mark.parametrize("body", ["[" * 6000, '{"name": "a", "size_bytes": 1, "options": ' * 1200])
def test_json_that_is_nested_too_deeply_is_malformed(
    api: APIClient, address: str, body: str
) -> None:
    answer = api.post(address, body, content_type=JSON)

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
