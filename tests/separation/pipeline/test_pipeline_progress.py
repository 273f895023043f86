"""The bar and the time left, with a clock that the test turns."""

from itertools import pairwise

import pytest

from separation.errors import Cancelled
from tests.separation.pipeline.progress_world import (
    World,
    even,
    simulate,
)

SHORT = {"prepare": 10.0, "export": 10.0}
USUAL = {"prepare": 2.0, "separation": 50.0, "export": 28.0}


def test_events_are_half_a_second_apart_also_across_stages() -> None:
    world = World(USUAL)
    times = []
    for name in world.stages:
        report = world.begin(name)
        for step in range(20):
            world.clock.now += 0.11
            before = len(world.told)
            report(step / 20)
            if len(world.told) > before:
                times.append(world.clock.now)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(gaps) > 8 and min(gaps) >= 0.5


def test_the_message_is_the_latest_words_or_the_name_of_the_stage() -> None:
    world = World(SHORT)
    report = world.begin("prepare")
    report(0.0)
    world.clock.now += 0.6
    report(0.5, "Half of it")
    world.clock.now += 0.6
    report(0.6)
    assert [event.message for event in world.told] == [
        "Loading audio file", "Half of it", "Half of it",
    ]  # fmt: skip


def test_every_report_asks_whether_to_stop_also_between_events() -> None:
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise Cancelled("The job was cancelled.")

    world = World(SHORT, check=check)
    report = world.begin("prepare")
    with pytest.raises(Cancelled):
        for _ in range(10):
            report(0.1)
    assert len(asked) == 3 and len(world.told) == 1


def test_where_all_goes_as_expected_percent_is_the_share_of_the_time() -> None:
    world = World(USUAL)
    shown = simulate(world, {name: even(seconds, 20) for name, seconds in USUAL.items()})
    for moment in shown[1:]:
        assert moment.percent == pytest.approx(100 * moment.passed / 80, abs=1.0)
        assert moment.eta_s == pytest.approx(moment.left, abs=1.5)


def test_the_bar_never_runs_backwards_whatever_a_stage_reports() -> None:
    world = World(SHORT)
    report = world.begin("prepare")
    for fraction in (0.5, 0.2, 7.0, -1.0):
        world.clock.now += 1
        report(fraction)
    percents = [event.percent for event in world.told]
    assert percents == sorted(percents) and percents[0] > 0 and percents[-1] < 100


def test_percent_and_time_left_say_the_same_while_the_pace_is_even() -> None:
    """At P percent after T seconds about T * (100 - P) / P are left, also of a job that is the
    machine's first, where only a constant is known of the separation."""
    world = World(USUAL | {"separation": 400.0}, learned=False)
    runs = {"prepare": even(2.0, 5), "separation": even(50.0, 50), "export": even(28.0, 20)}
    settled = [moment for moment in simulate(world, runs) if moment.passed > 20]
    assert len(settled) > 50
    for moment in settled:
        implied_s = moment.passed * (100 - moment.percent) / moment.percent
        assert moment.eta_s == pytest.approx(implied_s, abs=0.15 * 80)
        assert moment.eta_s == pytest.approx(moment.left, abs=0.05 * 80)


def test_a_machine_that_is_slower_than_it_was_slows_the_bar_down_and_not_back() -> None:
    world = World(USUAL)
    shown = simulate(world, {name: even(3 * seconds, 30) for name, seconds in USUAL.items()})
    percents = [moment.percent for moment in shown]
    assert percents == sorted(percents) and percents[-1] < 100
    # In the middle of the separation most of the error is seen, that of the export too.
    late = next(moment for moment in shown if moment.passed > 100)
    assert 0.6 * late.left < late.eta_s < late.left


def test_a_stage_that_is_overdue_creeps_and_does_not_pass_its_end() -> None:
    """It has no share to tell; 500 s instead of 50 pass before 28 of the next stage."""
    world = World(USUAL)
    report = world.begin("prepare")
    world.clock.now += 2
    report(1.0)
    report = world.begin("separation")
    began, seen = world.progress.percent, []
    for second in range(1, 501):
        world.clock.now += 1
        report(0.0)
        seen.append(world.progress.percent)
        ended_now = began + (100 - began) * second / (second + 28)
        assert seen[-1] <= ended_now + 1
    assert all(earlier < later for earlier, later in pairwise(seen))
    world.begin("export")
    assert world.progress.percent < 97
    assert world.progress.eta_s is not None and world.progress.eta_s >= 28


def test_before_anything_is_done_the_bar_is_empty_and_then_the_time_counts() -> None:
    world = World(USUAL)
    report = world.begin("prepare")
    world.clock.now += 1
    report(0.0)
    assert world.progress.percent == 0.0
    report(0.5)
    assert world.progress.percent == pytest.approx(100 * 1 / 80, abs=0.1)


def test_a_model_that_loads_for_minutes_leaves_the_bar_room_for_the_work() -> None:
    world = World(USUAL)
    world.begin("prepare")(1.0)
    report = world.progress.begin(world.stages["separation"])
    for _ in range(300):
        world.clock.now += 1
        report(0.0, "Downloading the model")
    assert world.progress.percent <= 100 * 300 / (300 + 78) + 1
    assert world.progress.eta_s == pytest.approx(78, abs=5)


def test_what_follows_the_last_report_keeps_the_bar_from_its_end() -> None:
    """The files of a long song are hashed for a while."""
    world = World(SHORT)
    world.begin("prepare")(1.0)
    report = world.begin("export")
    world.clock.now += 10
    report(1.0)
    for _ in range(20):
        world.clock.now += 1
        report(1.0)
    assert world.progress.percent <= 99.9
    assert world.progress.eta_s is not None and world.progress.eta_s > 0


def test_the_time_left_is_unknown_until_the_length_of_the_song_is_known() -> None:
    world = World(USUAL, audio_s=None)
    world.clock.now += 1
    world.begin("prepare")(0.5)
    assert world.told[-1].eta_s is None
    world.progress.decoded(200.0)
    world.clock.now += 1
    world.begin("separation")(0.0)
    assert world.told[-1].eta_s == pytest.approx(2 * (50 + 28), rel=0.05)


def test_a_song_that_is_longer_than_its_header_said_takes_longer() -> None:
    world = World(USUAL)
    world.begin("prepare")(1.0)
    world.progress.decoded(1000.0)
    world.clock.now += 1
    world.begin("separation")(0.0)
    assert world.told[-1].eta_s == pytest.approx(10 * (50 + 28), rel=0.05)


def test_a_job_of_which_stages_are_kept_starts_at_the_share_that_is_done() -> None:
    world = World(USUAL)
    world.keep("prepare", 2.0)
    assert world.progress.percent == pytest.approx(100 * 2 / 80, abs=0.1)
    world.keep("separation", 50.0)
    assert world.progress.percent == pytest.approx(100 * 52 / 80, abs=0.1)
    assert world.progress.eta_s == pytest.approx(28, abs=0.1)
    report = world.begin("export")
    world.clock.now += 14
    report(0.5)
    assert world.progress.percent == pytest.approx(100 * 66 / 80, abs=0.5)


def test_a_separation_that_goes_on_in_its_middle_starts_at_the_share_that_is_done() -> None:
    world = World(USUAL)
    world.keep("prepare", 2.0)
    report = world.begin("separation")
    world.progress.resumed()
    report(0.0, "Taking up what was finished before")
    report(0.8)
    assert world.progress.percent == pytest.approx(100 * 42 / 80, abs=0.1)
    assert world.progress.eta_s == pytest.approx(38, abs=0.1)
    # What was done before does not make this attempt look fast.
    world.clock.now += 5
    report(0.9)
    assert world.progress.eta_s == pytest.approx(33, abs=0.5)


@pytest.mark.parametrize("before", [40.0, 52.5, 70.0, 99.9])
def test_a_new_attempt_never_shows_less_than_the_one_before(before: float) -> None:
    """Even where its last checkpoint was older, or all is to be done anew."""
    world = World(USUAL, percent=before)
    simulate(world, {name: even(seconds, 10) for name, seconds in USUAL.items()})
    percents = [event.percent for event in world.told]
    assert percents == sorted(percents) and percents[0] >= before and percents[-1] <= 99.9


def test_before_the_files_of_an_earlier_attempt_are_read_its_percent_tells_the_time() -> None:
    """Hours of stems take a while to be hashed; nobody shall read 65 % beside the whole time."""
    world = World(USUAL, percent=65.0)
    report = world.progress.begin(world.stages["prepare"])
    report(0.0)
    assert world.told[-1].eta_s == pytest.approx(28, abs=0.1)


def test_a_part_that_is_done_anew_takes_the_rest_of_the_bar_evenly() -> None:
    world = World(USUAL, percent=60.0)
    runs = {name: even(seconds, 40) for name, seconds in USUAL.items()}
    for moment in simulate(world, runs)[3:]:
        assert moment.percent == pytest.approx(60 + 40 * moment.passed / 80, abs=2)
