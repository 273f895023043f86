"""A way to the site that stops in the middle of a request, at the same byte on every machine.

The throttle of the browser's own tools will not do for a tab that is closed: it ends with the tab,
and what was held back is sent in that moment.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

_BLOCK = 16_384


class Gate:
    """Passes bytes on, in both directions; ``address`` is used in place of the site's."""

    def __init__(self, site: str) -> None:
        parts = urlsplit(site)
        self._site = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._holds_at: int | None = None
        self._keeps_answers_after: int | None = None
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.holds = threading.Event()
        """Set while a request stands still here."""
        threading.Thread(target=self._accept, daemon=True).start()

    def hold_at(self, count: int) -> None:
        """Let no connection from now on send more than so many bytes; what follows waits."""
        self._holds_at = count

    def keep_answers_after(self, count: int) -> None:
        """Of connections that have sent more than so many bytes: all has arrived, and nobody is
        told."""
        self._keeps_answers_after = count

    def open(self) -> None:
        """For connections from now on; one that was held stays so until it is closed."""
        self._holds_at = self._keeps_answers_after = None
        self.holds.clear()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(browser,), daemon=True).start()

    def _serve(self, browser: socket.socket) -> None:
        with browser, socket.create_connection(self._site) as site:
            sent = [0]
            back = threading.Thread(target=self._answer, args=(site, browser, sent), daemon=True)
            back.start()
            self._send(browser, site, sent)
            with contextlib.suppress(OSError):
                site.shutdown(socket.SHUT_WR)
            back.join(5)

    def _send(self, browser: socket.socket, site: socket.socket, sent: list[int]) -> None:
        with contextlib.suppress(OSError):
            while block := browser.recv(_BLOCK):
                if self._holds_at is not None and sent[0] + len(block) > self._holds_at:
                    self.holds.set()
                    while browser.recv(_BLOCK):
                        pass
                    return
                site.sendall(block)
                sent[0] += len(block)

    def _answer(self, site: socket.socket, browser: socket.socket, sent: list[int]) -> None:
        with contextlib.suppress(OSError):
            while block := site.recv(_BLOCK):
                kept = self._keeps_answers_after
                if kept is not None and sent[0] > kept:
                    self.holds.set()
                    continue
                browser.sendall(block)
            browser.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def gate_to(site: str) -> Iterator[Gate]:
    gate = Gate(site)
    try:
        yield gate
    finally:
        gate.close()
