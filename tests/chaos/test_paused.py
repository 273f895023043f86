"""A host that stands still for longer than its lease, and wakes up while another has its job."""

import signal
from collections.abc import Callable

import pytest

from tests.chaos.databases import on
from tests.chaos.site import RESUME_S, ChaosSite
from tests.chaos.songs import Jukebox

pytestmark = pytest.mark.slow

SONG_S = 60.0


@on("postgres")
def test_a_cluster_that_sleeps_through_its_lease_spoils_nothing_when_it_wakes(
    site: ChaosSite, tell: Callable[[str], None]
) -> None:
    sleeper = site.start_cluster()
    music = Jukebox(site, seconds=SONG_S, network_seconds=1.0)
    job_id = music.spectral()
    site.wait_until_separating(job_id)
    frozen = sleeper.signal_all(signal.SIGSTOP)
    site.start_cluster()
    site.wait_until_claimed(job_id, 2, RESUME_S)
    site.wait_until_separating(job_id)
    sleeper.signal_all(signal.SIGCONT)
    assert site.wait_until_ended(job_id, 90.0)["status"] == "completed"
    # A control: the same song, with nobody asleep, must come out the same.
    assert site.wait_until_ended(music.spectral(), 90.0)["status"] == "completed"
    site.stop_all()
    assert site.faults() == []
    tell(f"2 jobs, {len(frozen)} processes slept through a lease")
