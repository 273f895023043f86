"""Without its server the installed site shows its offline page; nothing private is kept."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visitor import visitor

pytestmark = pytest.mark.browser

READY = "async () => { await navigator.serviceWorker.ready; }"
KEPT = """async () => {
    const found = [];
    for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys())
            found.push(new URL(url).pathname);
    return found;
}"""
OLD = """async () => { await caches.open("shell-0123456789abcdef"); }"""


class Line:
    """A line to the site that can be cut, as the site serves other tests too."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.ends: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def cut(self) -> None:
        for each in (self.listener, *self.ends):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self.port))
                self.ends += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=ends, daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(site: str) -> Iterator[Line]:
    port = urlsplit(site).port
    assert port is not None
    line = Line(port)
    try:
        yield line
    finally:
        line.cut()


def test_without_its_server_the_site_shows_the_offline_page_and_keeps_nothing_private(
    browser: Browser, site: str, mixable: tuple[str, str]
) -> None:
    with line_to(site) as line:
        person = visitor(browser, line.address, service_workers="allow")
        page = person.page
        person.log_in(mixable[0])
        page.evaluate(READY)
        page.evaluate(OLD)
        # Controlled by the worker from here on.
        person.go(mixable[1])
        page.get_by_role("region", name="Mixer").wait_for()
        page.get_by_role("button", name="Play", exact=True).click()
        expect(page.locator("[data-mixer]")).to_have_attribute("data-state", "playing")
        person.go("/jobs/")
        kept = page.evaluate(KEPT)
        assert "/offline/" in kept
        assert all(path == "/offline/" or path.startswith("/static/") for path in kept), kept
        line.cut()
        page.reload()
        title = page.get_by_role("heading", name="The server cannot be reached")
        expect(title).to_be_visible()
        expect(title).to_have_css("font-weight", "680")
        person.context.close()
