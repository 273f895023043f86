"""A normal user beside slow connections: p95 of the user's requests, without a reverse proxy.

``python benchmarks/slow_connections.py [--count 300] [--requests 200]``. The web server as
``manage.py serve`` starts it, SQLite; so many connections of each kind (half-open headers, slow
bodies, unread downloads, idle connections), all of one address, then of 400 addresses; the server's
closed ones are opened anew. The user asks for pages, the API and a file, one request after the
other on a connection each, from another process than the slow ones.
"""

import contextlib
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common
from tests.slow_clients import SlowClients, answer_times, kinds, p95
from tests.web_server import WebServer

LARGE = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
PATHS = ("/accounts/login/", "/api/v1/jobs", "/health", LARGE)
ADDRESSES = {"one_address": 1, "many_addresses": 400}
SETTLE_S = 3.0
PER_S = 50.0
"""Connections that are opened in a second."""


def attack(port: int, count: int, addresses: int, control: Connection) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8 * count + 200
    limit = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))
    with SlowClients(port, kinds(LARGE), count, addresses=addresses, per_s=PER_S).at_work() as slow:
        control.send("ready")
        control.recv()
        control.send(slow.opened)


@contextlib.contextmanager
def under_attack(port: int, count: int, addresses: int) -> Iterator[dict[str, int]]:
    """Yields a dictionary that is filled at the end: connections opened, by kind."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=attack, args=(port, count, addresses, theirs))
    process.start()
    opened: dict[str, int] = {}
    try:
        ours.recv()
        time.sleep(SETTLE_S)
        yield opened
    finally:
        ours.send("enough")
        opened |= ours.recv()
        process.join()


def times_of(times: list[float]) -> dict[str, float]:
    return {
        "median_s": round(statistics.median(times), 3),
        "p95_s": round(p95(times), 3),
        "worst_s": round(max(times), 3),
    }


def beside(server: WebServer, count: int, requests: int, addresses: int) -> dict[str, Any]:
    token = {"Authorization": f"Token {server.token('reader')}"}
    with under_attack(int(server.port), count, addresses) as opened:
        times = answer_times(server.address, PATHS, requests, **token)
        resident = server.resident_bytes(server.gateways())
    return {**times_of(times), "gateway_mb": round(resident / 1e6), "opened": opened}


def main() -> None:
    parser = common.arguments(__doc__)
    parser.add_argument("--count", type=int, default=300, help="connections of each kind")
    parser.add_argument("--requests", type=int, default=200, help="of the normal user")
    options = parser.parse_args()
    common.OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=common.OUT) as folder:
        server = WebServer(Path(folder))
        server.start()
        try:
            token = {"Authorization": f"Token {server.token('reader')}"}
            figures: dict[str, Any] = {"count": options.count, "requests": options.requests}
            answer_times(server.address, PATHS, 8, **token)
            figures["alone"] = times_of(
                answer_times(server.address, PATHS, options.requests, **token)
            )
            for name, addresses in ADDRESSES.items():
                figures[name] = beside(server, options.count, options.requests, addresses)
        finally:
            server.stop()
    common.emit("slow_connections", figures)


if __name__ == "__main__":
    main()
