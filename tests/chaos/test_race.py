"""Many hands for one job."""

import time
from collections.abc import Callable

import pytest

from tests.chaos.databases import on
from tests.chaos.site import ChaosSite
from tests.chaos.songs import Jukebox

pytestmark = pytest.mark.slow

CLAIMANTS = 4
JOBS = 40
ROUNDS = 3


@on("sqlite")
def test_of_all_that_claim_at_once_one_gets_each_job(
    site: ChaosSite, tell: Callable[[str], None]
) -> None:
    music = Jukebox(site, seconds=1.0, network_seconds=1.0)
    jobs = {music.spectral() for _ in range(JOBS)}
    claimants = [site.extra_client() for _ in range(CLAIMANTS)]
    for claimant in claimants:
        claimant.call("look")
    start_at = time.time() + 0.5
    for number, claimant in enumerate(claimants):
        claimant.ask("claim_all", worker=f"claimant {number}", start_at=start_at)
    claimed = [claimant.answer() for claimant in claimants]
    for claimant in claimants:
        claimant.close()
    assert sorted(job for each in claimed for job in each) == sorted(jobs)
    assert len(site.call("moves")) == JOBS
    assert not [fault for fault in site.call("faults") if "claimed" in fault]
    tell(f"{JOBS} jobs, claimed {[len(each) for each in claimed]}")


@on("postgres")
def test_two_clusters_that_want_one_job_do_it_once(
    site: ChaosSite, tell: Callable[[str], None]
) -> None:
    music = Jukebox(site, seconds=1.0, network_seconds=1.0)
    for _ in range(2):
        site.start_cluster()
    for _ in range(ROUNDS):
        job = site.wait_until_ended(music.spectral(), 60.0)
        assert (job["status"], job["attempt"]) == ("completed", 1)
    site.stop_all()
    moves = [move["after"] for move in site.call("moves")]
    assert moves == ["processing", "completed"] * ROUNDS
    assert site.faults() == []
    tell(f"{ROUNDS} jobs, one at a time, for 2 clusters")
