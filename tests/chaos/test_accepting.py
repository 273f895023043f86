"""Decisions of people that meet in the database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.databases import on
from tests.chaos.site import ROOT

pytestmark = pytest.mark.slow

ROUNDS = 20
"""Of as many, one in five met a deadlock before offers for one job were taken one by one."""


@on("postgres")
def test_two_offers_for_one_song_are_accepted_at_once(
    database_url: str | None, tmp_path: Path
) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if "STEMSITE" not in name},
        "DJANGO_SETTINGS_MODULE": "stemsite.settings",
        "STEMSITE_DATA_DIR": str(tmp_path),
        "STEMSITE_DATABASE_URL": database_url or "",
        "STEMSITE_LOG_LEVEL": "WARNING",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.accepting", str(ROUNDS)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"met": [], "in_history": [1]}
