"""At the real server: guesses at the same moment, and what is left on disk."""

import http.client
import json
import stat
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web_server import WebServer

pytestmark = pytest.mark.slow

GUESSES = 120


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    server = WebServer(tmp_path_factory.mktemp("site"))
    server.start()
    yield server
    server.stop()


def status_of(server: WebServer, method: str, path: str, fields: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=120)
    body = json.dumps(fields)
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_of_120_guesses_at_the_same_moment_ten_are_looked_at(server: WebServer) -> None:
    server.token("owner")  # which makes the account

    def guess(number: int) -> int:
        fields = {"username": "owner", "password": f"guess {number}"}
        return status_of(server, "POST", "/api/v1/auth/token", fields)

    with ThreadPoolExecutor(GUESSES) as people:
        statuses = Counter(people.map(guess, range(GUESSES)))
    assert statuses == {401: 10, 429: GUESSES - 10}


def test_what_the_site_writes_is_private_and_its_logs_hold_no_link(server: WebServer) -> None:
    secret = "aB3-" * 8
    for path in (f"/setup/{secret}/", f"/accounts/password/reset/key/1-{secret}/"):
        status_of(server, "GET", path, {})
    wide = [path for path in server.folder.rglob("*") if _is_open(path)]
    assert not [path for path in wide if path != server.log]
    logs = (server.folder / "logs/access.log").read_text() + server.log.read_text()
    assert "GET /setup/.../" in logs and "/password/reset/key/.../" in logs
    assert secret not in logs


def _is_open(path: Path) -> bool:
    mode = path.lstat().st_mode
    return not stat.S_ISLNK(mode) and bool(mode & 0o077)
