"""What a worker does while the database is away."""

import pytest
from django.db import InterfaceError, OperationalError
from pytest_django.fixtures import Settings

from jobs.worker.database_retry import DatabaseRetry


class World:
    """A clock, and a database that is there or not."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.error: Exception | None = None
        self.tries: list[float] = []
        self.gate = DatabaseRetry(lambda: self.now)

    def work(self) -> None:
        self.tries.append(self.now)
        if self.error is not None:
            raise self.error

    def run(self, seconds: float) -> None:
        """Asks ten times a second."""
        for _ in range(round(seconds * 10)):
            self.gate.run(self.work)
            self.now = round(self.now + 0.1, 1)


@pytest.fixture
def world(settings: Settings, db: None) -> World:
    settings.MAX_JOB_S = 3600.0
    return World()


def test_work_goes_through_while_the_database_answers(world: World) -> None:
    assert world.gate.run(world.work) and world.gate.run(world.work)
    assert len(world.tries) == 2 and world.gate.away_s == 0.0


@pytest.mark.parametrize("error", [OperationalError("away"), InterfaceError("closed")], ids=repr)
def test_after_each_failure_it_pauses_longer_up_to_five_seconds(
    world: World, error: Exception
) -> None:
    world.error = error
    world.run(20)
    assert world.tries == [1000.0, 1000.5, 1001.5, 1003.5, 1008.5, 1013.5, 1018.5]
    assert world.gate.away_s == pytest.approx(20.0)


def test_a_try_that_fails_and_a_pause_say_that_nothing_was_taken(world: World) -> None:
    world.error = OperationalError("away")
    assert not world.gate.run(world.work)
    assert not world.gate.run(world.work)
    assert len(world.tries) == 1


def test_once_it_is_back_the_next_outage_begins_anew(world: World) -> None:
    world.error = OperationalError("away")
    world.run(4)
    world.error = None
    world.run(6)
    assert world.gate.away_s == 0.0
    world.error = OperationalError("away")
    world.tries.clear()
    start = world.now
    world.run(1)
    assert world.tries == [start, start + 0.5]
    assert world.gate.away_s == pytest.approx(1.0)


def test_what_is_away_for_longer_than_any_job_may_take_is_given_up(
    world: World, settings: Settings
) -> None:
    settings.MAX_JOB_S = 10.0
    world.error = OperationalError("away")
    with pytest.raises(OperationalError):
        world.run(60)
    assert world.tries[-1] == 1013.5


def test_a_fault_of_a_query_is_no_outage(world: World) -> None:
    world.error = ValueError("a fault of ours")
    with pytest.raises(ValueError, match="of ours"):
        world.gate.run(world.work)
    assert world.gate.away_s == 0.0
