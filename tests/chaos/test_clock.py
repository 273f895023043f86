"""A host whose clock is wrong, or is set while jobs run.

The clock of the machine is everybody's and is not set for a test. A small library, loaded before
all others, tells the worker's processes another time of day than the kernel does, as the wrong
clock of their host would, and changes its answer while they run. Nothing else is touched: the rows
are written and judged by the real code. (libfaketime 0.9.10 breaks Python's sleep, and a time
namespace only moves clocks that nobody sets.)
"""

import shutil
import signal
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.conftest import MakeSite, needs
from tests.chaos.databases import on
from tests.chaos.postgres import PostgresServer
from tests.chaos.processes import Role, hit
from tests.chaos.site import LEASE_S, RESUME_S, ChaosSite
from tests.chaos.songs import Jukebox

pytestmark = pytest.mark.slow

HOUR_S = 3600
SONG_S = 8.0
"""Long enough to be seen and hit while it is separated."""
START_S = 30.0
"""For a cluster to come up and look around."""


class Clock:
    """What the processes of a host take for the time: the true one and an offset."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "offset"
        library = folder / "clock.so"
        source = Path(__file__).with_name("clock.c")
        compiler = ["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        subprocess.run(compiler, check=True)
        self.environment = {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self._file)}
        self.set(0)

    def set(self, offset_s: int) -> None:
        """For all who read it already, too: they have the file in memory."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("q", offset_s))


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    needs(shutil.which("cc"), "a C compiler (apt-get install gcc libc6-dev)")
    return Clock(tmp_path)


def finish(site: ChaosSite, tell: Callable[[str], None], told: str) -> None:
    site.stop_all()
    assert site.faults() == []
    tell(told)


def test_a_host_that_is_an_hour_ahead_takes_no_job_from_another(
    postgres: PostgresServer, make_site: MakeSite, clock: Clock, tell: Callable[[str], None]
) -> None:
    site = make_site(postgres.new_database())
    site.start_cluster()
    job_id = Jukebox(site, seconds=START_S, network_seconds=1.0).slow()
    site.wait_until_separating(job_id)
    clock.set(HOUR_S)
    ahead = site.start_cluster(**clock.environment)
    site.wait_for(lambda: ahead.of_role(Role.WORKER), START_S, "the second cluster does not start")
    job = site.wait_until_ended(job_id, 90.0)
    assert (job["status"], job["attempt"]) == ("completed", 1)
    finish(site, tell, "1 job beside a host that is an hour ahead")


def resume_after_a_jump(
    site: ChaosSite, clock: Clock, jump_s: int, tell: Callable[[str], None]
) -> None:
    """The lease was written by one clock; a kill makes it be judged by the other."""
    cluster = site.start_cluster(**clock.environment)
    job_id = Jukebox(site, seconds=SONG_S, network_seconds=1.0).slow()
    site.wait_until_separating(job_id)
    clock.set(jump_s)
    (worker,) = cluster.of_role(Role.WORKER)
    assert hit(worker, signal.SIGKILL)
    job = site.wait_until_ended(job_id, RESUME_S + 30.0)
    assert job["status"] == "completed"
    assert job["attempt"] == 2
    finish(site, tell, f"1 job, {job['attempt']} attempts, lease {LEASE_S} s, clock {jump_s:+d} s")


@on("postgres")
def test_a_clock_that_is_put_forward_while_a_job_runs_keeps_no_job_waiting(
    site: ChaosSite, clock: Clock, tell: Callable[[str], None]
) -> None:
    resume_after_a_jump(site, clock, HOUR_S, tell)


@on("sqlite")
def test_a_clock_that_is_put_back_while_a_job_runs_keeps_no_job_waiting(
    site: ChaosSite, clock: Clock, tell: Callable[[str], None]
) -> None:
    resume_after_a_jump(site, clock, -HOUR_S // 2, tell)
