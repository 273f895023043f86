"""Downloads files with a timeout and progress; a file appears only when it is complete."""

import http.client
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from separation.errors import DiskFull, ModelUnavailable
from separation.progress import Report, ignore_progress

CHUNK_BYTES = 256 * 1024
_MB = 1_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_SPACE = 28
"""errno.ENOSPC"""


class _KeepDigest(urllib.request.HTTPRedirectHandler):
    """Keeps the sha256 that the hub states in its redirect of a large file to the file store."""

    def __init__(self) -> None:
        self.sha256: str | None = None

    def redirect_request(
        self, req: Any, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> urllib.request.Request | None:
        self.note(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]

    def note(self, headers: Message) -> None:
        stated = str(headers.get("X-Linked-Etag", "")).strip('"')
        if self.sha256 is None and _SHA256.fullmatch(stated):
            self.sha256 = stated


def download(
    url: str,
    path: Path,
    *,
    timeout_s: float,
    sha256_start: str = "",
    report: Report = ignore_progress,
) -> None:
    """Fetch ``url`` to ``path``, which appears only when it is complete and its digest is right.

    ``timeout_s``: how long the site may send nothing. ``sha256_start``: the required beginning of
    the digest. Raises ``ModelUnavailable``, ``DiskFull`` or what ``report`` raises.
    """
    part = path.with_name(path.name + ".part")
    try:
        with _named_errors(url, path.name):
            digest, stated = _copy(url, part, timeout_s, report)
        if not digest.startswith(sha256_start) or stated not in (None, digest):
            raise ModelUnavailable(
                f"{path.name} arrived with a wrong checksum and was thrown away. Try again later."
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _copy(url: str, part: Path, timeout_s: float, report: Report) -> tuple[str, str | None]:
    keep = _KeepDigest()
    hashed = sha256()
    done = 0
    with urllib.request.build_opener(keep).open(url, timeout=timeout_s) as answer:
        keep.note(answer.headers)
        size = int(answer.headers.get("Content-Length") or 0)
        with part.open("wb") as file:
            # read1 returns the bytes at hand, because a slow site would otherwise look like a hang.
            while chunk := answer.read1(CHUNK_BYTES):
                hashed.update(chunk)
                file.write(chunk)
                done += len(chunk)
                report(done / size if size else 0.0, _progress_words(part, done, size))
    if size and done != size:
        raise URLError(f"{done} of {size} bytes arrived")
    return hashed.hexdigest(), keep.sha256


def _progress_words(part: Path, done: int, size: int) -> str:
    return f"Fetching {part.stem}: {done / _MB:.0f} of {size / _MB:.0f} MB"


@contextmanager
def _named_errors(url: str, name: str) -> Iterator[None]:
    host = urlsplit(url).hostname
    try:
        yield
    except HTTPError as error:
        raise ModelUnavailable(f"{host} answered {error.code} for {name}.") from error
    except URLError as error:
        reason = getattr(error.reason, "strerror", None) or error.reason
        raise ModelUnavailable(f"{name} could not be fetched from {host}: {reason}.") from error
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise ModelUnavailable(f"{host} stopped answering while sending {name}.") from error
    except OSError as error:
        if error.errno == _NO_SPACE:
            raise DiskFull(f"There is no room on the disk for {name}.") from error
        raise ModelUnavailable(f"{name} could not be stored: {error.strerror}.") from error
