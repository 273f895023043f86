"""What holds of percent and time left however the stages of a job go."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.separation.pipeline.progress_world import Moment, StageRun, World, simulate

NAMES = ("prepare", "separation", "listening", "quality", "export")
EACH = settings(max_examples=60, deadline=None)

jobs = given(st.integers(0, 2**32).map(Random))
"""A source of chance, by which a test makes its job: drawing each number apart takes long."""


def expected_s(chance: Random) -> dict[str, float]:
    return {name: 10 ** chance.uniform(-1.5, 2.5) for name in NAMES}


def any_run(chance: Random, seconds: float) -> StageRun:
    """What comes differs from what is expected by a factor of up to a hundred either way, and so
    may what is reported; a model may take long to load."""
    seconds *= chance.choice([0.01, 0.3, 1.0, 1.0, 3.0, 100.0])
    loads = seconds * chance.choice([0.0, 0.0, 0.1, 10.0])
    count = chance.randint(1, 12)
    times, done = (sorted(chance.random() for _ in range(count)) for _ in "12")
    if chance.random() < 0.3:
        done[-1] = 1.0
    return StageRun(seconds, tuple(zip(times, done, strict=True)), loads)


def steady_run(chance: Random, seconds: float) -> StageRun:
    """What is reported is the share of the stage's time."""
    times = sorted(chance.random() for _ in range(chance.randint(1, 12)))
    return StageRun(seconds, tuple(zip(times, times, strict=True)))


def runs_of(
    expected: dict[str, float], chance: Random, kind: Callable[[Random, float], StageRun]
) -> dict[str, StageRun]:
    return {name: kind(chance, seconds) for name, seconds in expected.items()}


def assert_sound(shown: list[Moment], *, since: float = 0.0) -> None:
    percents = [since, *(moment.percent for moment in shown)]
    assert all(earlier <= later for earlier, later in pairwise(percents))
    assert all(0 <= moment.percent < 100 and moment.eta_s >= 0 for moment in shown)


@EACH
@jobs
def test_percent_never_falls_and_never_reaches_the_end_before_the_job_does(chance: Random) -> None:
    expected = expected_s(chance)
    world = World(expected, learned=chance.random() < 0.5)
    assert_sound(simulate(world, runs_of(expected, chance, any_run)))


@EACH
@jobs
def test_it_does_not_over_a_second_attempt_either(chance: Random) -> None:
    """The first one ends in some stage. The second keeps what was finished, or nothing, and goes on
    in the middle of the stage, or at its beginning."""
    expected, learned = expected_s(chance), chance.random() < 0.5
    runs = runs_of(expected, chance, any_run)
    ended = chance.randrange(len(NAMES))
    first = World(expected, learned=learned)
    last = simulate(first, {name: runs[name] for name in NAMES[: ended + 1]})[-1].percent
    second = World(expected, learned=learned, percent=last)
    kept = NAMES[:ended] if chance.random() < 0.7 else ()
    for name in kept:
        second.keep(name, runs[name].seconds)
        assert second.progress.percent >= last
    rest = {name: runs[name] for name in NAMES if name not in kept}
    resumed = chance.random() if kept and chance.random() < 0.7 else 0.0
    assert_sound(simulate(second, rest, resumed=resumed), since=last)


@EACH
@jobs
def test_where_the_rates_are_true_so_are_percent_and_time_left(chance: Random) -> None:
    expected = expected_s(chance)
    total = sum(expected.values())
    for moment in simulate(World(expected), runs_of(expected, chance, steady_run)):
        assert abs(moment.eta_s - moment.left) <= 0.05 * total + 0.1
        assert abs(moment.percent - 100 * moment.passed / total) <= 5


@EACH
@jobs
def test_the_bar_moves_by_the_share_that_the_time_left_gives_it(chance: Random) -> None:
    """Whatever is believed at a moment: the two never tell different ends. What is believed of the
    next stage may change a little as it begins."""
    expected = expected_s(chance)
    world = World(expected, learned=chance.random() < 0.5)
    shown = simulate(world, runs_of(expected, chance, any_run))
    # The first move counts all that passed before anything was done.
    moving = [moment for moment in shown if moment.percent > 0]
    for earlier, later in pairwise(moving):
        passed = later.passed - earlier.passed
        left_s = 0.9 * later.eta_s - 0.1
        share = passed / (passed + left_s) if passed + left_s > 0 else 1.0
        assert later.percent - earlier.percent <= (100 - earlier.percent) * share + 0.02
