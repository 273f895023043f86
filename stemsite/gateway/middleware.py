"""WSGI middleware for an application behind the gateway: client address and files."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from stemsite.gateway.handed_file import HandedFile
from stemsite.gateway.upstream import FILE_HEADER

StartResponse = Callable[..., Any]
CLIENT_VARIABLE = "HTTP_X_GATEWAY_CLIENT"


class FileWrapper:
    """PEP 3333's ``wsgi.file_wrapper``, in which Django wraps a file."""

    def __init__(self, file: Any, block_size: int = 64 * 1024) -> None:
        self.file = file
        self._block_size = block_size

    def __iter__(self) -> Iterator[bytes]:
        while block := self.file.read(self._block_size):
            yield block

    def close(self) -> None:
        self.file.close()


class _EmptyBody:
    """The empty body of an answer whose file the gateway sends."""

    def __init__(self, file: FileWrapper) -> None:
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        self._file.close()


class BehindGateway:
    """Reads the client's address from the gateway, and lets the gateway send files below ``roots``.

    This process sends other files itself: they may be deleted before the gateway opens them.
    """

    def __init__(self, application: Callable[..., Any], roots: Iterable[Path]) -> None:
        self._application = application
        self._roots = [root.resolve() for root in roots]

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = environ.pop(CLIENT_VARIABLE, "")
        # gunicorn trusts the X-Forwarded-Proto of every client of a socket file, and the gateway
        # forwards that of every client. Django's settings decide whether the header counts.
        environ["wsgi.url_scheme"] = "http"
        original_wrapper, environ["wsgi.file_wrapper"] = (
            environ.get("wsgi.file_wrapper"),
            FileWrapper,
        )
        started: list[tuple[Any, ...]] = []

        def start_later(*arguments: Any) -> Callable[[bytes], object]:
            started.append(arguments)
            return _no_write

        result: Iterable[bytes] = self._application(environ, start_later)
        environ["wsgi.file_wrapper"] = original_wrapper
        if isinstance(result, FileWrapper) and environ["REQUEST_METHOD"] != "HEAD":
            handed = self._handed(result.file)
            if handed is not None:
                status, headers, *exc_info = started[-1]
                start_response(status, _handing_over(headers, handed), *exc_info)
                return _EmptyBody(result)
        start_response(*started[-1])
        return result

    def _handed(self, file: Any) -> HandedFile | None:
        """The file's path and part; None where the path does not lead to this very file."""
        window = getattr(file, "window", None)
        content = file if window is None else window[0]
        name = getattr(content, "name", None)
        if not isinstance(name, (str, os.PathLike)) or not hasattr(content, "fileno"):
            return None
        path = Path(name).resolve()
        if not any(path.is_relative_to(root) for root in self._roots):
            return None
        stat = os.fstat(content.fileno())
        try:
            if not os.path.samestat(stat, path.stat()):
                return None
        except OSError:
            return None
        start = content.tell() if window is None else window[1]
        count = stat.st_size - start if window is None else window[2]
        return HandedFile(os.fsencode(path), start, count)


def _no_write(data: bytes) -> None:
    raise NotImplementedError("Django never calls what start_response returns")


def _handing_over(headers: list[tuple[str, str]], file: HandedFile) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return [*kept, ("Content-Length", "0"), (FILE_HEADER.decode("ascii"), file.to_header())]
