"""A real ``stemworker`` with a real runner on real sound, in the order of the file: one worker
serves all but the last test, as starting one costs seconds."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from separation.pipeline.manifest import load_manifest
from tests.jobs.worker.live_site import ROOT, LiveSite

pytestmark = pytest.mark.slow

LONG_S = 60.0
"""A song that keeps the built-in separator busy for several seconds."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    live = LiveSite(tmp_path_factory.mktemp("live"))
    live.call("set_up")
    live.start_worker()
    yield live
    live.close()


def is_separating(job: dict[str, object]) -> bool:
    return job["status"] == "processing" and job["stage"] == "separation"


def has_ended(job: dict[str, object]) -> bool:
    return job["status"] in ("completed", "failed", "cancelled")


def test_a_song_goes_in_and_files_come_out(site: LiveSite) -> None:
    job = site.wait_for(site.call("create", seconds=1.0), has_ended)
    assert (job["status"], job["error"], job["attempt"]) == ("completed", "", 1)
    assert set(job["stages"].values()) == {"completed"}
    assert {"drums", "bass", "other", "vocals"} <= set(job["files"])
    assert all(job["files"].values())
    assert job["manifest"] == "completed"
    assert site.call("health") == [1, True]


def test_a_song_becomes_the_same_bits_in_the_portal_and_on_the_command_line(
    site: LiveSite, tmp_path: Path
) -> None:
    first = site.wait_for(site.call("create", seconds=1.0), has_ended, timeout_s=60)
    ran = subprocess.run(
        [sys.executable, "manage.py", "rerun", first["directory"], "--out", str(tmp_path)],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert f"All {len(first['files'])} files are bit-identical." in ran.stdout
    job_id = site.call("rerun", job_id=Path(first["directory"]).name)
    again = site.wait_for(job_id, has_ended, timeout_s=60)
    told = load_manifest(Path(again["directory"]) / "manifest.json")
    assert again["status"] == "completed" and told.repeats is not None
    assert told.repeats.is_identical and len(told.repeats.artifacts) == len(first["files"])


def test_a_running_job_is_cancelled_within_two_seconds(site: LiveSite) -> None:
    job_id = site.call("create", seconds=LONG_S)
    site.wait_for(job_id, is_separating)
    asked = time.monotonic()
    site.call("cancel", job_id=job_id)
    job = site.wait_for(job_id, has_ended)
    assert time.monotonic() - asked < 2.0
    assert (job["status"], job["manifest"]) == ("cancelled", "cancelled")
    assert job["files"] == {}


def test_a_job_that_was_taken_away_is_not_recorded_twice(site: LiveSite) -> None:
    job_id = site.call("create", seconds=LONG_S)
    site.wait_for(job_id, is_separating)
    runner = site.runner_pid()
    site.call("steal", job_id=job_id)
    site.wait_for(job_id, is_separating)
    assert site.runner_pid() != runner, "the runner of the lost attempt went on"
    site.call("cancel", job_id=job_id)
    site.wait_for(job_id, has_ended)


def test_a_runner_that_is_killed_costs_an_attempt_and_no_job(site: LiveSite) -> None:
    job_id = site.call("create", seconds=10.0)
    site.wait_for(job_id, is_separating)
    os.kill(site.runner_pid(), signal.SIGKILL)
    job = site.wait_for(job_id, has_ended)
    assert (job["status"], job["attempt"]) == ("completed", 2)
    assert set(job["stages"].values()) == {"completed"}


def test_a_worker_told_to_stop_gives_its_job_back_and_leaves_no_process(site: LiveSite) -> None:
    job_id = site.call("create", seconds=LONG_S)
    site.wait_for(job_id, is_separating)
    assert site.worker is not None
    assert len(site.processes()) >= 6
    asked = time.monotonic()
    # To the whole group, as a terminal or an init system does.
    os.killpg(site.worker.pid, signal.SIGTERM)
    assert site.worker.wait(15) == 0
    assert time.monotonic() - asked < 8.0
    assert site.processes() == {}
    job = site.call("look", job_id=job_id)
    assert (job["status"], job["attempt"]) == ("pending", 0)
    assert job["stages"]["prepare"] == "completed"
