"""The gateway's own answers, where gunicorn gets no request or does not answer."""

import json
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Answer:
    status: int
    code: str
    """The ``code`` of an error of the API."""

    detail: str
    retry_after_s: int | None = None


BAD_REQUEST = Answer(400, "bad_request", "This is no HTTP request that this server understands.")
TOO_SLOW = Answer(
    408, "request_timeout", "The request came too slowly. Send it again when the network is better."
)
HEADERS_TOO_LARGE = Answer(431, "headers_too_large", "The headers of the request are too long.")
NO_METHOD = Answer(405, "method_not_allowed", "This server connects to no other server.")
FAILED = Answer(
    502, "bad_gateway", "The site ended in the middle of this request. Send it again.", 2
)
TOO_MANY = Answer(
    503, "too_many_connections", "Too many connections are open. Try again in a moment.", 5
)
BUSY = Answer(
    503, "site_busy", "The site has more to do than it can just now. Try again in a moment.", 5
)
STARTING = Answer(
    503, "site_starting", "The site is starting, or is about to stop. Try again in a moment.", 5
)
FILE_GONE = Answer(404, "not_found", "The file has just been deleted.")


def content(answer: Answer, target: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body; JSON for the API."""
    if target.startswith(b"/api/"):
        kind, text = "application/json", json.dumps({"code": answer.code, "detail": answer.detail})
    else:
        kind, text = "text/plain; charset=utf-8", answer.detail + "\n"
    body = text.encode()
    headers = {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Connection": "close",
    }
    if answer.retry_after_s is not None:
        headers["Retry-After"] = str(answer.retry_after_s)
    return [(name.encode(), value.encode()) for name, value in headers.items()], body


def whole(answer: Answer) -> bytes:
    """The whole answer as bytes, for a connection without a complete request."""
    headers, body = content(answer, b"")
    status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}".encode()
    lines = [status, *(name + b": " + value for name, value in headers), b"", body]
    return b"\r\n".join(lines)
