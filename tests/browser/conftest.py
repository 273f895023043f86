"""A real site in its own folder, web server and worker, and a real Chromium that visits it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import MISSING, find_chromium
from tests.browser.ears import put_ears_on
from tests.browser.mixer_page import MixerPage
from tests.browser.visitor import Visitor, visitor
from tests.ready_site import lay_out

START_S = 90.0


def _chromium() -> str:
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _process(arguments: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """Runs until the block ends, then gets SIGTERM; what stays behind is killed as a group."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_for(address: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the site did not start:\n{log.read_text()}")


@pytest.fixture(scope="package")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """That of everything that belongs to the site: its web server, worker and operator."""
    folder = tmp_path_factory.mktemp("site")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("STEMSITE_")},
        "STEMSITE_DATA_DIR": str(folder),
        "STEMSITE_OFFLINE": "1",
        "STEMSITE_RESERVE_BYTES": "0",
        "STEMSITE_MIN_FREE_BYTES": "1",
        "OMP_NUM_THREADS": "1",
    }


def _manage(environment: dict[str, str], *command: str) -> None:
    arguments = [sys.executable, "manage.py", *command]
    subprocess.run(arguments, cwd=settings.BASE_DIR, env=environment, check=True)


@pytest.fixture(scope="package")
def site(environment: dict[str, str]) -> Iterator[str]:
    """The address of a site with the settings of a public one, its worker beside it."""
    _chromium()
    folder = Path(environment["STEMSITE_DATA_DIR"])
    port = _free_port()
    lay_out(folder)
    serve = ["-m", "gunicorn", "stemsite.wsgi", f"--bind=127.0.0.1:{port}", "--threads=8"]
    with ExitStack() as stack:
        stack.enter_context(_process(serve, environment, folder / "web.log"))
        worker = ["manage.py", "stemworker"]
        stack.enter_context(_process(worker, environment, folder / "worker.log"))
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, folder / "web.log")
        yield address


@pytest.fixture
def operator(site: str, environment: dict[str, str]) -> Callable[..., None]:
    """Whoever runs the site, at its command line."""
    return partial(_manage, environment)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=_chromium(), args=["--no-sandbox", "--mute-audio"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def mixable(site: str, environment: dict[str, str]) -> tuple[str, str]:
    """The name of somebody with a job of six stems, and its address."""
    program = [sys.executable, "-m", "tests.browser.mixable", "mixer", "Mix.wav"]
    settings_module = {"DJANGO_SETTINGS_MODULE": "stemsite.settings"}
    made = subprocess.run(
        program,
        cwd=settings.BASE_DIR,
        env={**environment, **settings_module},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return "mixer", f"/jobs/{made.stdout.strip()}/"


@pytest.fixture(scope="package")
def listener(
    browser: Browser, site: str, mixable: tuple[str, str]
) -> Iterator[Callable[..., Visitor]]:
    """Whose job that is, logged in once for each way of looking: it takes longer than most tests
    of the mixer."""
    known: dict[tuple[tuple[str, int], ...], Visitor] = {}

    def with_options(**options: Any) -> Visitor:
        way = tuple(sorted(options.items()))
        if way not in known:
            known[way] = visitor(browser, site, **options)
            known[way].log_in(mixable[0])
        return known[way]

    yield with_options
    for person in known.values():
        person.context.close()


@pytest.fixture
def open_mixer(
    listener: Callable[..., Visitor], mixable: tuple[str, str]
) -> Iterator[Callable[..., MixerPage]]:
    """Opens the page of the job of six stems, as if for the first time."""
    opened: list[Visitor] = []

    def visit(**options: int) -> MixerPage:
        person = listener(**options)
        person.complaints.clear()
        person.go(mixable[1])
        opened.append(person)
        player = MixerPage(person)
        player.mixer.wait_for()
        player.as_at_first()
        return player

    yield visit
    for person in opened:
        person.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        # Nothing plays on, and no key is held, beside the next test.
        person.page.goto("about:blank")


@pytest.fixture
def playing(open_mixer: Callable[..., MixerPage]) -> Callable[[], MixerPage]:
    """The same, with sound, and with ears on it."""

    def play() -> MixerPage:
        player = open_mixer(ears=True)
        player.press_play()
        put_ears_on(player.page)
        return player

    return play
