"""SIGTERM to more than the one process that is meant."""

import os
import signal
from collections.abc import Callable

import pytest

from tests.chaos.databases import on
from tests.chaos.site import RESUME_S, ChaosSite, Cluster
from tests.chaos.songs import Jukebox

pytestmark = pytest.mark.slow

SONG_S = 8.0
"""Long enough to be seen and hit while it is separated."""


def to_the_group(cluster: Cluster) -> None:
    """As a terminal, or an init system that signals a process group."""
    assert cluster.main is not None
    os.killpg(cluster.main, signal.SIGTERM)


def to_every_process(cluster: Cluster) -> None:
    """As systemd with its default KillMode: workers, sentinel and runner are hit as well."""
    assert cluster.signal_all(signal.SIGTERM)


def lose_no_job(
    site: ChaosSite, terminate: Callable[[Cluster], None], tell: Callable[[str], None]
) -> None:
    cluster = site.start_cluster()
    job_id = Jukebox(site, seconds=SONG_S, network_seconds=1.0).slow()
    site.wait_until_separating(job_id)
    terminate(cluster)
    job = site.wait_until_ended(job_id, RESUME_S + 30.0)
    assert job["status"] == "completed"
    assert cluster.starts == 2
    site.wait_for(lambda: not site.strays(), 20.0, "orphans are left")
    site.stop_all()
    assert site.faults() == []
    tell(f"1 job, ended with {cluster.codes}, {job['attempt']} attempts charged")


@on("sqlite")
def test_a_group_that_is_told_to_stop_loses_no_job(
    site: ChaosSite, tell: Callable[[str], None]
) -> None:
    lose_no_job(site, to_the_group, tell)


@on("postgres")
def test_a_cluster_whose_processes_are_all_told_to_stop_loses_no_job(
    site: ChaosSite, tell: Callable[[str], None]
) -> None:
    lose_no_job(site, to_every_process, tell)
