"""Several real ``stemworker`` on one database: two clusters, single lanes, and any of their
processes killed."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.worker.live_site import ROOT, LiveSite
from tests.separation.fakes import plug_in

pytestmark = pytest.mark.slow

LONG_S = 60.0
"""Longer than any test looks at the job."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveSite]:
    monkeypatch.setenv("PYTHONPATH", plug_in(tmp_path))
    live = LiveSite(tmp_path)
    live.environment |= {"STEMSITE_LEASE_S": "10", "STEMSITE_HEARTBEAT_S": "2"}
    live.call("set_up")
    yield live
    live.close()


def long_job(site: LiveSite) -> str:
    """With the fake separator, which works for as long as its song plays, on any machine."""
    job: str = site.call("create", seconds=LONG_S, separator="fake", model="slow")
    return job


def wait_until(site: LiveSite, is_so: Callable[[], Any], timeout_s: float = 60.0) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (found := is_so()):
        if time.monotonic() > deadline:
            raise AssertionError(site.log.read_text()[-4000:])
        time.sleep(0.1)
    return found


def rows(site: LiveSite) -> list[dict[str, Any]]:
    return list(site.call("workers"))


def has_ended(job: dict[str, Any]) -> bool:
    return job["status"] in ("completed", "failed", "cancelled")


def is_separating(job: dict[str, Any]) -> bool:
    return job["status"] == "processing" and job["stage"] == "separation"


def test_two_clusters_share_the_jobs_and_each_is_done_once(site: LiveSite) -> None:
    site.start_worker()
    site.start_worker("--cluster", "gpu")
    wait_until(site, lambda: len(rows(site)) == 2)
    names = {row["name"]: row["cluster"] for row in rows(site)}
    assert sorted(names.values()) == ["gpu", "stemsite"]
    jobs = [site.call("create", seconds=0.5) for _ in range(8)]
    done = [site.wait_for(job, has_ended, 60) for job in jobs]
    assert [(job["status"], job["attempt"]) for job in done] == [("completed", 1)] * 8
    log = site.log.read_text()
    assert Counter(job for job in jobs if log.count(f"job {job}: attempt") != 1) == Counter()
    assert log.count("attempt 1 of 3") == 8
    taken = wait_until(site, lambda: all(row["devices"] for row in rows(site)) and rows(site))
    # Only who ended a job knows its device: both clusters did some of the work.
    assert [row["devices"] for row in taken] == [["cpu"], ["cpu"]]


def test_a_worker_of_one_lane_takes_nothing_from_the_other(site: LiveSite) -> None:
    site.start_worker("--lanes", "interactive")
    wait_until(site, lambda: rows(site))
    backfill = site.call("create", seconds=0.5, lane="backfill")
    for _ in range(2):
        job = site.wait_for(site.call("create", seconds=0.5), has_ended)
        assert job["status"] == "completed"
    assert site.call("look", job_id=backfill)["status"] == "pending"
    site.start_worker("--cluster", "gpu", "--lanes", "backfill")
    assert site.wait_for(backfill, has_ended, 30)["attempt"] == 1


def test_a_row_tells_what_each_worker_runs_and_goes_with_it(site: LiveSite) -> None:
    worker = site.start_worker()
    job = long_job(site)
    site.wait_for(job, is_separating)
    (row,) = wait_until(site, lambda: [row for row in rows(site) if row["runner_memory_bytes"]])
    assert (row["job_id"], row["runner_pid"]) == (job, site.runner_pid())
    assert row["runner_memory_bytes"] > 10_000_000
    worker.terminate()
    assert worker.wait(60) == 0
    assert rows(site) == []


def parts(site: LiveSite, keeper: int) -> dict[str, int]:
    """The processes of an idle or busy worker by what they are."""
    (main,) = site.children(keeper)
    (sentinel,) = site.children(main)
    (row,) = rows(site)
    others = [pid for pid in site.children(sentinel) if pid != row["pid"]]
    return {"keeper": keeper, "main": main, "sentinel": sentinel, "worker": row["pid"]} | {
        f"helper {n}": pid for n, pid in enumerate(sorted(others))
    }


@pytest.mark.parametrize("victim", ["keeper", "main", "sentinel", "worker"])
def test_whichever_process_is_killed_no_other_outlives_it_and_no_job_is_lost(
    site: LiveSite, victim: str
) -> None:
    """A worker is replaced, as it was busy and held no queue; the others end it all. None of it
    waits for the lease, which is longer than this test has time."""
    site.environment |= {"STEMSITE_LEASE_S": "600"}
    worker = site.start_worker()
    job = site.call("create", seconds=10.0)
    site.wait_for(job, is_separating)
    wait_until(site, lambda: rows(site))
    known = parts(site, worker.pid)
    runner = site.runner_pid()
    os.kill(known[victim], signal.SIGKILL)
    if victim == "worker":
        wait_until(site, lambda: runner not in site.processes())
        assert worker.poll() is None
    else:
        assert worker.wait(60) != 0
        wait_until(site, lambda: site.processes() == {}, 60)
        site.start_worker()
    done = site.wait_for(job, has_ended, 60)
    # Only what the main process itself still winds down gives its job back uncharged.
    assert (done["status"], done["attempt"]) == ("completed", 1 if victim == "keeper" else 2)


def test_a_cluster_that_cannot_wind_down_ends_also_when_nobody_is_left_to_kill_it(
    site: LiveSite,
) -> None:
    """A sentinel that stands still, as one does that waits for a lock nobody gives back."""
    site.environment |= {"STEMSITE_DRAIN_S": "3"}
    worker = site.start_worker()
    job = long_job(site)
    site.wait_for(job, is_separating)
    known = parts(site, worker.pid)
    os.kill(known["sentinel"], signal.SIGSTOP)
    os.kill(known["keeper"], signal.SIGKILL)
    worker.wait(20)
    wait_until(site, lambda: site.processes() == {}, 30)


def test_a_signal_to_every_single_process_gives_the_job_back_uncharged(site: LiveSite) -> None:
    """As systemd does by default, and many a script; whoever is told first."""
    worker = site.start_worker()
    job = long_job(site)
    site.wait_for(job, is_separating)
    for pid in [site.runner_pid(), *site.processes()]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    assert worker.wait(60) == 0
    assert site.processes() == {}
    given_back = site.call("look", job_id=job)
    assert (given_back["status"], given_back["attempt"]) == ("pending", 0)


BROKEN = """
import django, sys  # in place of manage.py stemworker
django.setup()
from jobs.worker import cluster
from jobs.queue import worker_table as crew
from jobs.queue.lanes import current_assignment
usual = cluster.Watchdog.needs_restart
def breaks(self):
    if crew.anyone_works():
        raise RuntimeError("a fault of ours")
    return usual(self)
cluster.Watchdog.needs_restart = breaks
sys.exit(cluster.run_cluster(current_assignment()))
"""


def test_a_fault_in_the_main_process_ends_everything_instead_of_standing_still(
    site: LiveSite,
) -> None:
    job = long_job(site)
    with site.log.open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-c", BROKEN], cwd=ROOT, env=site.environment, stdout=log, stderr=log
        )
    assert worker.wait(60) == 1
    assert "a fault of ours" in site.log.read_text()
    assert site.processes() == {}
    given_back = site.call("look", job_id=job)
    assert (given_back["status"], given_back["attempt"]) == ("pending", 0)


def test_an_idle_worker_that_is_killed_ends_the_cluster_instead_of_standing_still(
    site: LiveSite,
) -> None:
    worker = site.start_worker()
    site.wait_for(site.call("create", seconds=0.5), has_ended)
    idle = wait_until(site, lambda: [row for row in rows(site) if not row["job_id"]])
    os.kill(idle[0]["pid"], signal.SIGKILL)
    assert worker.wait(60) == 1
    assert "died while it held the queue" in site.log.read_text()
    wait_until(site, lambda: site.processes() == {}, 60)
    assert rows(site) == []


def test_an_idle_worker_that_is_killed_costs_its_neighbour_no_attempt(site: LiveSite) -> None:
    worker = site.start_worker(STEMSITE_WORKERS="2")
    job = long_job(site)
    site.wait_for(job, is_separating)
    wait_until(site, lambda: {bool(row["job_id"]) for row in rows(site)} == {True, False})
    (idle,) = (row for row in rows(site) if not row["job_id"])
    os.kill(idle["pid"], signal.SIGKILL)
    assert worker.wait(60) == 1
    given_back = site.call("look", job_id=job)
    assert (given_back["status"], given_back["attempt"]) == ("pending", 0)
    assert site.processes() == {}
