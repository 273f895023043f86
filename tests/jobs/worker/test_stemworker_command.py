import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.models import Worker
from jobs.models.job import JobStatus
from tests.factories import make_job


def test_check_says_that_nobody_works_and_fails(owner: User) -> None:
    make_job()
    said = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("stemworker", "--check", stdout=said)
    assert end.value.code == 1
    assert said.getvalue().splitlines() == [
        "No worker is running; 1 waiting, 0 running.",
        "stemsite: no worker.",
        "gpu: no worker.",
    ]


def test_check_says_in_words_that_there_is_no_database_yet(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STEMSITE_")}
    ended = subprocess.run(
        [sys.executable, "manage.py", "stemworker", "--check"],
        cwd=settings.BASE_DIR,
        env={**kept, "STEMSITE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "must have run once" in ended.stderr and "Traceback" not in ended.stderr


def worker(cluster: str, lanes: list[str], **fields: Any) -> Worker:
    name = f"far:{Worker.objects.count()}"
    fields = {"host": "far", "pid": 1, "seen_at": timezone.now(), **fields}
    return Worker.objects.create(name=name, cluster=cluster, lanes=lanes, **fields)


def check(*arguments: str) -> tuple[int, list[str]]:
    said = StringIO()
    try:
        call_command("stemworker", "--check", *arguments, stdout=said)
    except SystemExit as end:
        return int(str(end.code)), said.getvalue().splitlines()
    return 0, said.getvalue().splitlines()


def test_check_tells_cluster_by_cluster_who_is_there(owner: User) -> None:
    worker("stemsite", ["interactive", "backfill"])
    worker("gpu", ["interactive"], host="near", job=make_job(status=JobStatus.PROCESSING))
    worker("gpu", ["interactive"], seen_at=timezone.now() - timedelta(hours=1))
    assert check() == (
        0,
        [
            "2 workers; 0 waiting, 1 running.",
            "stemsite: 1 worker(s) on far, 0 of them at work; lanes interactive, backfill.",
            "gpu: 1 worker(s) on near, 1 of them at work; lanes interactive.",
        ],
    )


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--cluster", "stemsite"], "No worker of the cluster stemsite is running."),
        (["--lanes", "interactive,backfill"], "No worker serves the lane backfill."),
        (["--cluster", "gpu", "--lanes", "backfill"], "No worker serves the lane backfill."),
        (["--cluster", "gpu", "--lanes", "interactive"], None),
        (["--cluster", "gpu"], None),
        ([], None),
    ],
)
def test_check_asks_for_what_it_is_told_to(
    db: None, arguments: list[str], fault: str | None
) -> None:
    worker("gpu", ["interactive"])
    code, said = check(*arguments)
    assert code == (1 if fault else 0)
    assert said[3:] == ([fault] if fault else [])


def test_check_notices_a_lane_in_which_jobs_wait_for_nobody(owner: User) -> None:
    worker("stemsite", ["interactive"])
    assert check()[0] == 0
    make_job(lane="backfill")
    code, said = check()
    assert (code, said[-1]) == (1, "No worker serves the lane backfill.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cluster", "moon"], "no cluster 'moon'. Choose one of stemsite, gpu"),
        (["--lanes", "fast"], "write one or more of interactive, backfill"),
        (["--lanes", ","], "write one or more of interactive, backfill"),
    ],
)
def test_what_there_is_not_is_refused_by_name(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("stemworker", *arguments)
