"""The web server's access log, which must neither fill the disk nor hold links to shared songs."""

import logging
from logging.handlers import RotatingFileHandler
from typing import IO, Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from stemsite.gateway.handed_file import HandedFile
from stemsite.gateway.upstream import FILE_HEADER
from stemsite.hidden_links import HidingFormatter, hide_links

MAX_BYTES = 10_000_000
KEPT_FILES = 5
HANDED = f"{{{FILE_HEADER.decode('ascii').lower()}}}o"
"""How gunicorn names the header with which the gateway is told to send a file."""


class BoundedLog(Logger):  # type: ignore[misc]  # gunicorn brings no types
    """Writes the access log in files of at most 10 MB and keeps the last five beside the current.

    For one gunicorn worker, as two would rename the file behind each other's back.
    """

    def _set_handler(
        self,
        log: logging.Logger,
        output: str | None,
        fmt: logging.Formatter,
        stream: IO[str] | None = None,
    ) -> None:
        fmt = HidingFormatter(
            self.access_fmt if log is self.access_log else self.error_fmt, self.datefmt
        )
        if log is not self.access_log or output in (None, "-"):
            super()._set_handler(log, output, fmt, stream)
            return
        handler = RotatingFileHandler(output, maxBytes=MAX_BYTES, backupCount=KEPT_FILES)
        handler.setFormatter(fmt)
        # Gunicorn finds its own handlers by this when it sets itself up again.
        handler._gunicorn = True  # type: ignore[attr-defined]
        log.addHandler(handler)

    def atoms(self, *about: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(*about)
        handed = found.get(HANDED)
        if handed is not None:
            found["B"] = HandedFile.from_header(handed).count
            found["b"] = str(found["B"])
        # The first line of the request, its path, and the page that it came from.
        return {**found, **{key: hide_links(str(found[key])) for key in ("r", "U", "f")}}
