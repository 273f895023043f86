"""A job that always kills its runner."""

from collections.abc import Callable

import pytest

from tests.chaos.databases import on
from tests.chaos.site import ChaosSite
from tests.chaos.songs import Jukebox

pytestmark = pytest.mark.slow

DEADLY = {"separator": "fake", "model": "killed"}


@on("sqlite")
def test_a_job_that_always_kills_its_runner_ends_and_harms_no_other(
    site: ChaosSite, tell: Callable[[str], None]
) -> None:
    site.start_cluster()
    song = site.call("add_song", seconds=2.0, seed=5)
    poisoned = site.call("create", song=song, **DEADLY)
    other = Jukebox(site, seconds=2.0, network_seconds=1.0).spectral()
    job = site.wait_until_ended(poisoned, 90.0)
    assert (job["status"], job["error"], job["attempt"]) == ("failed", "worker_lost", 3)
    assert site.wait_until_ended(other, 30.0)["status"] == "completed"
    claims = [m for m in site.call("moves") if m["job"] == poisoned.replace("-", "")]
    assert [move["after"] for move in claims].count("processing") == 3
    site.stop_all()
    assert site.faults() == []
    tell("2 jobs, 3 runners killed by their job")
