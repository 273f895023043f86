"""The database goes away under a running job and comes back."""

import sqlite3
import time
from collections.abc import Callable

import pytest

from tests.chaos.conftest import MakeSite
from tests.chaos.postgres import PostgresServer
from tests.chaos.site import RESUME_S, ChaosSite
from tests.chaos.songs import Jukebox

pytestmark = pytest.mark.slow

SONG_S = 8.0
"""Long enough to be still at work when the database goes."""
AWAY_S = 6.0
LOCKED_S = 22.0
"""Longer than any process waits for SQLite's lock, so that all of them see the error."""


def go_on(site: ChaosSite, job_id: str) -> str:
    job = site.wait_until_ended(job_id, RESUME_S + 30.0)
    assert job["status"] == "completed"
    # The cluster is of use afterwards, too.
    after = Jukebox(site, seconds=2.0, network_seconds=1.0).spectral()
    assert site.wait_until_ended(after, RESUME_S)["status"] == "completed"
    site.wait_for(lambda: not site.strays(), 20.0, "orphans are left")
    site.stop_all()
    assert site.faults() == []
    return f"2 jobs, {job['attempt']} attempts, {sum(c.starts for c in site.clusters)} starts"


def test_jobs_survive_a_server_that_is_stopped_at_once_and_started(
    postgres: PostgresServer, make_site: MakeSite, tell: Callable[[str], None]
) -> None:
    site = make_site(postgres.new_database())
    site.start_cluster()
    job_id = Jukebox(site, seconds=SONG_S, network_seconds=1.0).slow()
    site.wait_until_separating(job_id)
    postgres.stop_immediately()
    time.sleep(AWAY_S)
    postgres.start()
    tell(go_on(site, job_id))


def test_jobs_survive_a_lock_that_nobody_can_wait_for(
    make_site: MakeSite, tell: Callable[[str], None]
) -> None:
    site = make_site(None)
    site.start_cluster()
    job_id = Jukebox(site, seconds=SONG_S, network_seconds=1.0).slow()
    site.wait_until_separating(job_id)
    holder = sqlite3.connect(site.root / "data" / "stemsite.sqlite3", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    time.sleep(LOCKED_S)
    holder.execute("ROLLBACK")
    holder.close()
    tell(go_on(site, job_id))
