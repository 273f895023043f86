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

from tests.chaos.databases import on, usually
from tests.chaos.site import ROOT
from tests.ready_site import lay_out

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
        if not database_url:
            lay_out(data_dir)

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


LIMITS: tuple[tuple[str, str, dict[str, Any], int], ...] = (
    ("room of each", "sqlite", {"room": 2, "places": None, "together": False}, 4),
    ("places of each", "postgres", {"room": None, "places": 1, "together": False}, 2),
    ("room of all", "postgres", {"room": 3, "places": None, "together": True}, 3),
    ("places of all", "sqlite", {"room": None, "places": 3, "together": True}, 3),
)
"""What is limited, the database that this is tried on unless CHAOS_FULL=1, and how many fit."""


@pytest.mark.parametrize(
    ("database", "limits", "fit"),
    [
        pytest.param(each, limits, fit, id=f"{what}, {each}")
        for what, database, limits, fit in LIMITS
        for each in usually(database)
    ],
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


@on("postgres")
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
