"""One mail for one end: two songs that end at once on two workers; processes that are killed."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.chaos.conftest import needs
from tests.chaos.postgres import PostgresServer, binaries
from tests.jobs.batches.processes import Site, told
from tests.jobs.batches.world import Mailbox, mail_server

PATIENCE_S = 60.0
IN_HAND = ("processing", "processing")
"""Two songs, each with a worker."""


@pytest.fixture(scope="module")
def post() -> Iterator[tuple[Mailbox, int]]:
    with mail_server() as server:
        yield server


@pytest.fixture
def mailbox(post: tuple[Mailbox, int]) -> Mailbox:
    post[0].taken.clear()
    return post[0]


@pytest.fixture(scope="module")
def new_database() -> Iterator[Callable[[], str]]:
    needs(binaries(), "PostgreSQL's server (apt-get install postgresql)")
    server = PostgresServer()
    yield server.new_database
    server.close()


@pytest.fixture(params=("sqlite", "postgresql"))
def site(request: pytest.FixtureRequest, post: tuple[Mailbox, int], tmp_path: Path) -> Site:
    url = request.getfixturevalue("new_database")() if request.param == "postgresql" else ""
    return Site(tmp_path / "site", mail_port=post[1], database_url=url)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


Worker = subprocess.Popen[str]


def wait_until_ready(worker: Worker) -> Worker:
    assert worker.stdout is not None and worker.stdout.readline() == '"ready"\n'
    return worker


def let_end(worker: Worker) -> Worker:
    assert worker.stdin is not None
    worker.stdin.write("\n")
    worker.stdin.flush()
    return worker


@pytest.mark.slow
def test_two_songs_that_end_at_once_on_two_workers_bring_one_mail(
    site: Site, mailbox: Mailbox
) -> None:
    workers = [site.start("end", job_id) for job_id in site.run("set_up", *IN_HAND)]
    for worker in [wait_until_ready(worker) for worker in workers]:
        let_end(worker)
    assert sum(told(worker) for worker in workers) == 1
    assert len(mailbox.taken) == 1 and "2 failed" in mailbox.taken[0]["Subject"]
    assert site.run("aftermath") == {"sent": [0, 0, 0], "told": True, "tries": 1}


@pytest.mark.slow
@pytest.mark.parametrize("site", ("sqlite",), indirect=True)
def test_a_process_killed_while_it_sends_leaves_one_mail_to_be_sent(
    site: Site, mailbox: Mailbox
) -> None:
    first, last = site.run("set_up", *IN_HAND)
    assert told(let_end(site.start("end", first))) == 0
    mailbox.hangs, connections = True, mailbox.connections
    worker = let_end(site.start("end", last))
    wait_for(lambda: mailbox.connections > connections)
    worker.kill()
    worker.wait()
    mailbox.hangs = False
    assert mailbox.taken == []
    # It stays in hand of the one that died, until that can be no more.
    assert site.run("aftermath") == {"sent": [0, 1, 0], "told": True, "tries": 2}
    assert len(mailbox.taken) == 1


@pytest.mark.slow
@pytest.mark.parametrize("site", ("sqlite",), indirect=True)
def test_a_worker_sends_it_by_itself(site: Site, mailbox: Mailbox) -> None:
    site.run("set_up", "completed", "cancelled")
    worker = site.start_worker()
    try:
        wait_for(lambda: bool(mailbox.taken))
    finally:
        worker.terminate()
        worker.wait(timeout=PATIENCE_S)
    assert mailbox.taken[0]["To"] == "owner@example.org"
