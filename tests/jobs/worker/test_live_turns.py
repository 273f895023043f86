"""A real ``stemworker`` lets a short song go before the rest of a long one, and is killed then."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.worker.live_site import LiveSite
from tests.separation.fakes import plug_in

pytestmark = pytest.mark.slow

LONG_S = 9.0
"""Of sound, and so of work. A short song is expected to take 2.2 s where nothing is learned."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveSite]:
    steady = "tests.separation.fakes:SteadySeparator"
    monkeypatch.setenv("PYTHONPATH", plug_in(tmp_path, steady=steady))
    live = LiveSite(tmp_path)
    live.environment |= {"STEMSITE_TURN_MIN_S": "1", "STEMSITE_BACKOFF_S": "0.1"}
    live.call("set_up")
    yield live
    live.close()


def song(site: LiveSite, who: str, seconds: float) -> str:
    job: str = site.call("create", who=who, seconds=seconds, separator="steady")
    return job


def has_ended(job: dict[str, Any]) -> bool:
    return job["status"] in ("completed", "failed", "cancelled")


def test_a_short_song_is_done_before_the_long_one_that_was_first_and_no_kill_loses_either(
    site: LiveSite,
) -> None:
    site.start_worker()
    long = song(site, "owner", LONG_S)
    site.wait_for(long, lambda job: job["stage"] == "separation", 60.0)
    short = song(site, "b", 0.1)
    waiting = site.wait_for(long, lambda job: job["status"] == "pending", 60.0)
    assert (waiting["attempt"], waiting["error"]) == (0, "")
    assert waiting["message"].startswith("A shorter song of somebody else has a turn; this one ")
    # All of it at once, so that nobody is left to give anything back.
    for pid in site.processes():
        os.kill(pid, signal.SIGKILL)
    site.start_worker()
    done = site.wait_for(short, has_ended, 60.0)
    assert done["status"] == "completed"
    assert not has_ended(site.call("look", job_id=long))
    went_on = site.wait_for(long, lambda job: job["status"] == "processing", 60.0)
    assert went_on["percent"] >= waiting["percent"] > 0.0
    done = site.wait_for(long, has_ended, 60.0)
    assert (done["status"], done["attempt"]) == ("completed", 1)
    assert "going on after" in site.log.read_text()
