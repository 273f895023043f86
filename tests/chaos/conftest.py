"""The sites that are attacked, and the counts that a run leaves on the terminal."""

import os
import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.postgres import PostgresServer, binaries
from tests.chaos.site import ChaosSite
from tests.chaos.songs import make_small_network

COUNTS = pytest.StashKey[list[str]]()

MakeSite = Callable[..., ChaosSite]


def needs(available: object, what: str) -> None:
    """Skip with the reason, but in CI, where everything is installed, fail."""
    if available:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI installs it")
    pytest.skip(f"needs {what}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    needs(binaries(), "a PostgreSQL server (apt-get install postgresql)")
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(database: str, request: pytest.FixtureRequest) -> str | None:
    if database == "sqlite":
        return None
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_small_network(folder)
    return folder


@pytest.fixture
def make_site(tmp_path: Path, models: Path) -> Iterator[MakeSite]:
    """``make_site(database_url, **environment)``; every process of it is gone afterwards."""
    made: list[ChaosSite] = []

    def make(database_url: str | None, **options: Any) -> ChaosSite:
        options = {"STEMSITE_MODEL_DIR": str(models), **options}
        made.append(ChaosSite(tmp_path / f"site-{len(made)}", database_url, **options))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def site(make_site: MakeSite, database_url: str | None) -> ChaosSite:
    """On each of the databases in turn."""
    return make_site(database_url)


@pytest.fixture
def seed() -> int:
    """CHAOS_SEED, or drawn; it stands among the counts, so a failure can be tried again."""
    return int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))


@pytest.fixture
def draw(seed: int) -> random.Random:
    return random.Random(seed)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """A line for the end of the run."""
    lines = request.config.stash.setdefault(COUNTS, [])
    return lambda text: lines.append(f"{request.node.name}: {text}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash.get(COUNTS, []):
        terminalreporter.write_line(f"chaos: {line}")
