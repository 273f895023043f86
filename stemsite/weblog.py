"""The web server's access log, limited in size and without links to shared songs."""

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
"""gunicorn's name for the header that makes the gateway send a file."""


class BoundedLog(Logger):  # type: ignore[misc]  # gunicorn brings no types
    """Writes the access log in files of at most 10 MB and keeps the last five beside the current.

    Only for a single gunicorn worker, as two would rotate each other's file.
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
        # gunicorn finds its own handlers by this attribute when it reloads its configuration.
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
