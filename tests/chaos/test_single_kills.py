"""One kill, then quiet: the job goes on within the promised time, and nobody is left behind."""

import random
from collections.abc import Callable

import pytest

from tests.chaos.databases import on
from tests.chaos.processes import Role
from tests.chaos.site import RESUME_S, ChaosSite
from tests.chaos.songs import Jukebox
from tests.chaos.storm import kill, tally

pytestmark = pytest.mark.slow

SETTLE_S = 20.0


@on("sqlite")
def test_a_worker_killed_while_it_waits_does_not_stop_the_queue(
    site: ChaosSite, draw: random.Random, tell: Callable[[str], None]
) -> None:
    """It dies holding the lock of django-q2's queue; a cluster of one worker has no other."""
    cluster = site.start_cluster()
    music = Jukebox(site, seconds=2.0, network_seconds=1.0)
    site.wait_until_ended(music.spectral(), 60.0)
    assert kill(site, cluster, Role.WORKER, draw) is not None
    job = site.wait_until_ended(music.spectral(), RESUME_S)
    assert (job["status"], job["attempt"]) == ("completed", 1)
    site.wait_for(lambda: not site.strays(), SETTLE_S, "orphans are left")
    site.stop_all()
    assert tally(site, []).faults == ()
    tell(f"1 idle worker killed, {cluster.starts} starts")
