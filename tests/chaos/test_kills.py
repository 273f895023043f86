"""Every kind of process is killed at random moments while jobs run on two clusters."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.databases import on
from tests.chaos.run import RunSize, run
from tests.chaos.storm import KINDS

pytestmark = pytest.mark.slow

SIZE = RunSize(jobs=10, kills=len(KINDS), seconds=12.0)


@on("postgres")
def test_no_job_is_lost_or_doubled_whatever_is_killed(
    database: str, database_url: str | None, seed: int, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    result = run(tmp_path / "site", database_url, SIZE, seed)
    tell(
        f"seed {seed}, {result.kills} kills ({result.processes_hit} processes), "
        f"{result.jobs} jobs: {result.completed} completed, {result.gave_up} gave up, "
        f"{result.lost} lost, {result.doubled} doubled; resumed within {result.longest_resume_s} s"
    )
    assert result.faults == ()
    assert (result.lost, result.doubled) == (0, 0)
    assert result.completed + result.gave_up == SIZE.jobs
    # Otherwise nothing was tried.
    assert sorted(result.kills_by_kind) == sorted(KINDS)
    assert sum(result.jobs_hit_by_stage.values()) >= SIZE.kills
