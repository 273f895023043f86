"""Uploads at the limit, on both databases: as many as fit, and nothing lost to a killed one."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.site import ROOT

pytestmark = pytest.mark.slow

UPLOADS = 4
"""For each of two processes, of two people in turn."""

RESERVATION_S = 600
FIRST_S = 3.0
"""By then all processes of a race should have started."""


class UploadSite:
    def __init__(self, data_dir: Path, database_url: str | None) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if "STEMSITE" not in name},
            "DJANGO_SETTINGS_MODULE": "stemsite.settings",
            "STEMSITE_DATA_DIR": str(data_dir),
            "STEMSITE_DATABASE_URL": database_url or "",
            "STEMSITE_RESERVATION_S": str(RESERVATION_S),
            "STEMSITE_MIN_FREE_BYTES": "1000000",
            "STEMSITE_LOG_LEVEL": "WARNING",
        }

    def start(self, step: str, **arguments: Any) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.uploading", step, json.dumps(arguments)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, step: str, **arguments: Any) -> Any:
        return told(self.start(step, **arguments))


def told(process: "subprocess.Popen[str]") -> Any:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return json.loads(output.splitlines()[-1])


@pytest.fixture
def uploads(database_url: str | None, tmp_path: Path) -> UploadSite:
    return UploadSite(tmp_path, database_url)


@pytest.mark.parametrize(
    ("limits", "fit"),
    [
        ({"room": 2, "places": None, "together": False}, 4),
        ({"room": None, "places": 1, "together": False}, 2),
        ({"room": 3, "places": None, "together": True}, 3),
        ({"room": None, "places": 3, "together": True}, 3),
    ],
    ids=["room of each", "places of each", "room of all", "places of all"],
)
def test_of_uploads_at_once_exactly_as_many_pass_as_fit(
    uploads: UploadSite, limits: dict[str, Any], fit: int
) -> None:
    uploads.run("set_up", **limits)
    start_at = time.time() + FIRST_S
    racers = [
        uploads.start("race", owners=["a", "b"] * (UPLOADS // 2), start_at=start_at)
        for _ in range(2)
    ]
    met = sum((Counter(told(racer)) for racer in racers), Counter[str]())
    # Refused before a byte was taken: only as many bodies were read as there are songs.
    assert met == {"accepted": fit, "refused": 2 * UPLOADS - fit, "bodies read": fit}
    left = uploads.run("look", owner="a", sweep=False)
    assert (left["songs"], left["jobs"], left["rows"]) == (fit, fit, 0)


def test_an_upload_that_is_killed_holds_its_room_until_it_expires(uploads: UploadSite) -> None:
    uploads.run("set_up", room=None, places=1, together=True)
    process = uploads.start("begin", owner="a")
    assert process.stdout is not None and process.stdout.readline() == '"begun"\n'
    held = uploads.run("look", owner="b", sweep=True)
    assert (held["refused"], held["swept"], held["rows"]) == (True, 0, 1)
    process.kill()
    process.wait()
    process.stdout.close()
    assert uploads.run("age", seconds=RESERVATION_S) == 1
    free = uploads.run("look", owner="b", sweep=False)
    assert (free["refused"], free["rows"]) == (False, 1)
    assert uploads.run("look", owner="b", sweep=True) == {
        "refused": False,
        "swept": 1,
        "rows": 0,
        "songs": 0,
        "jobs": 0,
    }
    assert uploads.run("race", owners=["b"], start_at=0.0)["accepted"] == 1
