"""Chores of the housekeeping that run as processes of their own."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_django.fixtures import Settings

from jobs.services.verification import request_verification
from jobs.worker.chores import (
    DemoRendering,
    OwnProcess,
    ScheduledBackups,
    Scrubbing,
    Verifying,
)
from jobs.worker.reaper import Housekeeping
from separation.demo import VERSION
from tests.factories import make_artifact, make_job
from tests.listening_files import write_listening

pytestmark = pytest.mark.django_db


class Slow:
    """Stands for the process: what it does has tests of its own."""

    def __init__(self) -> None:
        self.code: int | None = None

    def poll(self) -> int | None:
        return self.code


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], Slow]]:
    found: list[tuple[list[str], Slow]] = []

    def start(command: list[str], **options: Any) -> Slow:
        found.append((command[1:], Slow()))
        return found[-1][1]

    monkeypatch.setattr(subprocess, "Popen", start)
    return found


def test_a_backup_is_made_when_the_setting_says_so_and_one_at_a_time(
    settings: Settings, tmp_path: Path, started: list[tuple[list[str], Slow]]
) -> None:
    settings.BACKUP_DIR, settings.BACKUP_KEEP = None, 3
    chore = ScheduledBackups()
    chore.turn()
    assert started == []
    settings.BACKUP_DIR = tmp_path / "backups"
    chore.turn()
    chore.turn()
    ((command, process),) = started
    assert command == ["manage.py", "backup", "--if-due", "--keep", "3"]
    process.code = 1
    chore.turn()
    assert len(started) == 2, "one that failed is tried again"


def test_files_are_checked_when_one_is_due(
    settings: Settings, started: list[tuple[list[str], Slow]]
) -> None:
    chore = Scrubbing()
    chore.turn()
    assert started == []
    make_artifact(make_job(status="completed"))
    chore.turn()
    ((command, _),) = started
    assert command[:3] == ["manage.py", "scrub", "--quietly"]


def test_the_song_of_the_first_page_is_rendered_until_it_is_there(
    settings: Settings, tmp_path: Path, started: list[tuple[list[str], Slow]]
) -> None:
    chore = DemoRendering()
    chore.turn()
    assert started == [], "it is switched off"
    settings.FRONT_DEMO = True
    chore.turn()
    chore.turn()
    ((command, process),) = started
    folder = tmp_path / "demo" / f"mixer-{VERSION}"
    assert command == ["-m", "separation.stages.demo_stems", str(folder)]
    process.code = -9
    chore.turn()
    assert len(started) == 2, "one that was killed is started again"
    started[1][1].code = 0
    write_listening(folder, {"drums": np.zeros((2, 4410), np.float32)})
    chore.turn()
    assert len(started) == 2


def test_the_housekeeping_does_them() -> None:
    chores = [getattr(chore, "__self__", None) for chore in Housekeeping()._chores]
    kinds = {type(owner) for owner in chores if isinstance(owner, OwnProcess)}
    assert {ScheduledBackups, Scrubbing, DemoRendering} <= kinds


def test_a_process_verifies_what_somebody_requested(
    started: list[tuple[list[str], Slow]],
) -> None:
    chore = Verifying()
    chore.turn()
    assert started == []
    request_verification(job=make_job(status="completed"))
    chore.turn()
    chore.turn()
    ((command, _),) = started
    assert command == ["manage.py", "verify", "--waiting"]
    assert any(getattr(each, "__self__", None).__class__ is Verifying for each in chores())


def chores() -> list[object]:
    return list(Housekeeping()._chores)
