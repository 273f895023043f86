"""What an application behind the gateway gets from it and leaves to it."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from stemsite.gateway.handed_file import HandedFile
from stemsite.gateway.upstream import FILE_HEADER

StartResponse = Callable[..., Any]
CLIENT_VARIABLE = "HTTP_X_GATEWAY_CLIENT"


class FileWrapper:
    """PEP 3333's ``wsgi.file_wrapper``: what Django answers a file with."""

    def __init__(self, file: Any, block_size: int = 64 * 1024) -> None:
        self.file = file
        self._block_size = block_size

    def __iter__(self) -> Iterator[bytes]:
        while block := self.file.read(self._block_size):
            yield block

    def close(self) -> None:
        self.file.close()


class _Nothing:
    """The body of an answer whose file the gateway sends."""

    def __init__(self, file: FileWrapper) -> None:
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        self._file.close()


class BehindGateway:
    """Takes the client's address from the gateway, and leaves the sending of files below ``roots``
    to it. Others are sent from here: they may be gone before it has opened them."""

    def __init__(self, application: Callable[..., Any], roots: Iterable[Path]) -> None:
        self._application = application
        self._roots = [root.resolve() for root in roots]

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = environ.pop(CLIENT_VARIABLE, "")
        # gunicorn believes the X-Forwarded-Proto of whoever comes by a socket file, and the gateway
        # passes on everybody's. Whether it counts is decided by Django's settings.
        environ["wsgi.url_scheme"] = "http"
        of_gunicorn, environ["wsgi.file_wrapper"] = environ.get("wsgi.file_wrapper"), FileWrapper
        started: list[tuple[Any, ...]] = []

        def remember(*arguments: Any) -> Callable[[bytes], object]:
            started.append(arguments)
            return _no_write

        result: Iterable[bytes] = self._application(environ, remember)
        environ["wsgi.file_wrapper"] = of_gunicorn
        if isinstance(result, FileWrapper) and environ["REQUEST_METHOD"] != "HEAD":
            handed = self._handed(result.file)
            if handed is not None:
                status, headers, *rest = started[-1]
                start_response(status, _handing_over(headers, handed), *rest)
                return _Nothing(result)
        start_response(*started[-1])
        return result

    def _handed(self, file: Any) -> HandedFile | None:
        """None where the gateway cannot open just this file by its name."""
        window = getattr(file, "window", None)
        content = file if window is None else window[0]
        name = getattr(content, "name", None)
        if not isinstance(name, (str, os.PathLike)) or not hasattr(content, "fileno"):
            return None
        path = Path(name).resolve()
        if not any(path.is_relative_to(root) for root in self._roots):
            return None
        facts = os.fstat(content.fileno())
        try:
            if not os.path.samestat(facts, path.stat()):
                return None
        except OSError:
            return None
        start = content.tell() if window is None else window[1]
        count = facts.st_size - start if window is None else window[2]
        return HandedFile(os.fsencode(path), start, count)


def _no_write(data: bytes) -> None:
    raise NotImplementedError("Django never calls what start_response returns")


def _handing_over(headers: list[tuple[str, str]], file: HandedFile) -> list[tuple[str, str]]:
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return [*kept, ("Content-Length", "0"), (FILE_HEADER.decode("ascii"), file.to_header())]
