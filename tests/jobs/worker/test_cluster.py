"""With what code ``stemworker`` ends, by how its cluster did: service managers go by it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.ready_site import ROOT, lay_out

CLUSTERS = """
import django, json, os, signal, sys, time
django.setup()
from django.conf import settings
from jobs.worker import cluster
from jobs.queue.lanes import current_assignment

def told_to_stop(keeper):
    os.setsid()
    os.kill(keeper, signal.SIGTERM)

def winds_down(keeper):
    told_to_stop(keeper)
    os._exit(0)

def is_killed(keeper):
    told_to_stop(keeper)
    os.kill(os.getpid(), signal.SIGKILL)

def fails(keeper):
    told_to_stop(keeper)
    os._exit(1)

def stands_still(keeper):
    told_to_stop(keeper)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)

def ends_unasked(keeper):
    os._exit(0)

settings.DRAIN_S = 0.5
codes = {}
for cluster._serve in (winds_down, is_killed, fails, stands_still, ends_unasked):
    codes[cluster._serve.__name__] = cluster.run_cluster(current_assignment())
print(json.dumps(codes))
"""


def test_only_a_cluster_that_was_told_to_stop_and_wound_down_ends_well(tmp_path: Path) -> None:
    site = tmp_path / "site"
    lay_out(site)
    environment = {
        "STEMSITE_DATA_DIR": str(site),
        "STEMSITE_DATABASE_URL": "",
        "STEMSITE_FRONT_DEMO": "0",
    }
    ended = subprocess.run(
        [sys.executable, "-c", CLUSTERS],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        timeout=60,
        check=True,
    )
    assert json.loads(ended.stdout) == {
        "winds_down": 0, "is_killed": 1, "fails": 1, "stands_still": 1, "ends_unasked": 1
    }  # fmt: skip
