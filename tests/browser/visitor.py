"""A person with a browser: what they do, and what the browser complained of meanwhile."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zlib import crc32

from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page

from tests.factories import PASSWORD, wav_bytes

_BLOCKED_WORKER = "Service Worker registration blocked by Playwright"
"""What Playwright itself writes to the console, for every page with ``service_workers="block"``."""

JOB_S = 120_000
"""Time for a job of a few seconds of sound, in the milliseconds of playwright; the first one also
converts a network, beside whatever else the machine does."""


@dataclass
class Visitor:
    site: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    tools: tuple[Page, CDPSession] | None = None
    """The developer tools of the page, once they are open."""

    def go(self, path: str) -> int:
        answer = self.page.goto(self.site + path)
        assert answer is not None
        return answer.status

    def sign_up(self, name: str) -> None:
        self.go("/")
        self.page.get_by_role("link", name="Create an account").click()
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_label("Password (again)").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign up").click()

    def log_in(self, name: str) -> None:
        self.go("/accounts/login/")
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Log in").click()

    def choose(self, *files: Path) -> None:
        self.page.get_by_label("Choose songs").set_input_files(files)
        self.open_more()
        self.page.get_by_role("radio", name="Own choice").check()
        self.page.get_by_role("radio", name="Spectral masks").check()

    def open_more(self) -> None:
        """Everything beside the three main choices, unless it is open already."""
        if self.page.locator("details[data-more]").get_attribute("open") is None:
            self.page.get_by_text("More", exact=True).click()

    def separate(self) -> None:
        self.page.get_by_role("button", name="Separate").click()


def until(page: Page, holds: Callable[[], bool], within_s: float = 30.0) -> None:
    """Ask again and again. Playwright's own way evaluates text inside the page, which the site's
    content policy forbids from the second time on."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        page.wait_for_timeout(50)


def visitor(
    browser: Browser,
    site: str,
    *,
    scripts: bool = True,
    width: int = 1280,
    ears: bool = False,
    service_workers: Literal["allow", "block"] = "block",
) -> Visitor:
    """``ears``: without the content policy, so that a test can put its recorder into the page.
    ``service_workers``: a test's routes do not see the requests that one has answered."""
    context = browser.new_context(
        java_script_enabled=scripts,
        viewport={"width": width, "height": 800},
        bypass_csp=ears,
        service_workers=service_workers,
    )
    person = Visitor(site, context, context.new_page())

    # Chromium reports what the content policy blocked as an error of the console.
    def hear(said: ConsoleMessage) -> None:
        if said.text != _BLOCKED_WORKER:
            person.complaints.append(f"{said.type}: {said.text}")

    context.on("console", hear)
    context.on("weberror", lambda raised: person.complaints.append(str(raised.error)))
    return person


def song(folder: Path, name: str, *, seconds: float = 3.0) -> Path:
    """Another song for each name: the same bytes again would be recognised."""
    path = folder / name
    path.write_bytes(wav_bytes(seconds, seed=crc32(name.encode())))
    return path
