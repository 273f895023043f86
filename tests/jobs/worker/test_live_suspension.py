"""A worker that is suspended for longer than its lease, with everything real: what it writes when
it wakes up must reach neither the row nor the files of the attempt that took its place."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from separation.pipeline.manifest import verify_manifest
from tests.jobs.worker.live_site import ROOT, LiveSite
from tests.separation.fakes import plug_in

pytestmark = pytest.mark.slow

SONG_S = 8.0
"""80 blocks of 0.1 s: the second attempt is still at work when the first worker wakes up."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveSite]:
    monkeypatch.setenv("STEMSITE_LEASE_S", "10")
    monkeypatch.setenv("STEMSITE_HEARTBEAT_S", "2")
    monkeypatch.setenv("PYTHONPATH", plug_in(tmp_path))
    live = LiveSite(tmp_path)
    live.call("set_up")
    yield live
    live.close()


def slow_job(site: LiveSite) -> str:
    """With the fake separator, which takes a known time on any machine."""
    made = subprocess.run(
        [sys.executable, "-c", _SLOW_JOB, str(SONG_S)],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.split()[-1]


_SLOW_JOB = """
import sys, django
django.setup()
from jobs.services.job.create import create_job, receive_source
from separation.request.separation_request import SeparationRequest
from tests.factories import make_user, wav_bytes
song = [wav_bytes(float(sys.argv[1]))]
source = receive_source(owner=make_user(), name="Slow.wav", chunks=song)
request = SeparationRequest(separator="fake", model="slow", stages=("separation",), format="wav16")
print(create_job(owner=source.owner, source=source, request=request).pk)
"""


def test_a_worker_that_wakes_up_after_its_lease_changes_nothing(site: LiveSite) -> None:
    first = site.start_worker()
    job_id = slow_job(site)
    site.wait_for(job_id, lambda job: job["stage"] == "separation")
    asleep = [first.pid, *site.processes()]
    try:
        for pid in asleep:
            os.kill(pid, signal.SIGSTOP)
        second = site.start_worker()
        job = site.wait_for(
            job_id,
            lambda job: job["attempt"] == 2 and job["stage"] == "separation",
            timeout_s=60.0,
        )
    finally:
        for pid in asleep:
            os.kill(pid, signal.SIGCONT)
    site.wait_for(job_id, lambda job: job["status"] == "completed", timeout_s=60.0)
    deadline = time.monotonic() + 20.0
    while "what was made is not recorded" not in site.log.read_text():
        assert time.monotonic() < deadline, site.log.read_text()[-4000:]
        time.sleep(0.1)
    job = site.call("look", job_id=job_id)
    assert (job["status"], job["attempt"], job["error"]) == ("completed", 2, "")
    assert all(job["files"].values()) and len(job["files"]) == 5
    assert verify_manifest(Path(job["directory"])) == []
    assert list(Path(job["directory"]).glob("**/.tmp-*")) == []
    assert second.poll() is None
