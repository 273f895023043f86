"""Going through every page of the site, as each kind of visitor, in one browser."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.tour_world import Stop
from tests.factories import PASSWORD
from tests.web_server import WebServer

WIDE = 1280
PHONE = 360
HEIGHT = 800


@dataclass(frozen=True)
class Look:
    """How a page is looked at. ``scheme``: ``light`` or ``dark``."""

    name: str
    scheme: str
    width: int


LIGHT = Look("light", "light", WIDE)
DARK = Look("dark", "dark", WIDE)
PHONE_LIGHT = Look("phone", "light", PHONE)
PHONE_DARK = Look("phone-dark", "dark", PHONE)
LOOKS = (LIGHT, DARK, PHONE_LIGHT, PHONE_DARK)


def _world(environment: dict[str, str], what: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.tour_world", what],
        cwd=settings.BASE_DIR,
        env={**environment, "DJANGO_SETTINGS_MODULE": "stemsite.settings"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


@contextmanager
def filled_site(folder: Path) -> Iterator[tuple[str, list[Stop]]]:
    """The address of a site with a world in it, and its pages. A worker separates one song; then
    there is none any more, so that every state stays as it is."""
    server = WebServer(folder, STEMSITE_FRONT_DEMO="1")
    try:
        server.start(worker=True)
        _world(server.environment, "separate")
        server.stop()
        server.start()
        stops = [Stop(**stop) for stop in json.loads(_world(server.environment, "fill"))]
        yield server.address, stops
    finally:
        server.stop()


class Tour:
    """The browser contexts of one look and one language, each visitor logged in once."""

    def __init__(
        self, browser: Browser, site: str, look: Look, language: str, scale: float
    ) -> None:
        self._browser, self._site, self._look = browser, site, look
        self._language, self._scale = language, scale
        self._pages: dict[str, Page] = {}

    def go(self, stop: Stop) -> Page:
        page = self._pages.get(stop.visitor)
        if page is None:
            page = self._pages[stop.visitor] = self._enter(stop.visitor)
        self.turn(page, self._look)
        page.goto(self._site + stop.path)
        page.wait_for_load_state("networkidle" if stop.still else "load")
        return page

    def turn(self, page: Page, look: Look) -> None:
        """Show the page that is open as another look has it; ``go`` keeps to that of the tour."""
        page.emulate_media(color_scheme="dark" if look.scheme == "dark" else "light")
        page.set_viewport_size({"width": look.width, "height": HEIGHT})

    def close(self) -> None:
        for page in self._pages.values():
            page.context.close()

    def _enter(self, visitor: str) -> Page:
        page = self._context().new_page()
        if visitor:
            page.goto(f"{self._site}/accounts/login/")
            page.locator("[name=login]").fill(visitor)
            page.locator("[name=password]").fill(PASSWORD)
            page.locator("main [type=submit], main button:not([type])").click()
            page.wait_for_url(lambda address: "login" not in address)
        return page

    def _context(self) -> BrowserContext:
        # Without the content policy, so that the rules of accessibility can be put into the page.
        return self._browser.new_context(
            color_scheme="dark" if self._look.scheme == "dark" else "light",
            viewport={"width": self._look.width, "height": HEIGHT},
            reduced_motion="reduce",
            locale=self._language,
            device_scale_factor=self._scale,
            bypass_csp=True,
        )


@contextmanager
def tour(
    browser: Browser, site: str, look: Look, *, language: str = "en", scale: float = 1.0
) -> Iterator[Tour]:
    going = Tour(browser, site, look, language, scale)
    try:
        yield going
    finally:
        going.close()
