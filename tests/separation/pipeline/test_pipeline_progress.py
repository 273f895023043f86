"""The bar and the time left, with a clock that the test turns."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from separation.errors import Cancelled
from separation.pipeline.job_progress import JobProgress, Rates, stage_shares
from separation.progress import never_stop
from separation.protocol.jobspec import StageRequest
from separation.protocol.messages import ProgressEvent
from separation.stages.registry import check_pipeline

ALL = ("prepare", "separation", "harmonic_percussive", "composite", "normalization", "export")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class World:
    """A pipeline's progress, its clock and what was told."""

    def __init__(
        self, *names: str, rates: Rates | None = None, check: Callable[[], None] = never_stop
    ) -> None:
        self.clock = Clock()
        self.told: list[ProgressEvent] = []
        self.stages = {
            stage.name: stage for stage in check_pipeline([StageRequest(name=n) for n in names])
        }
        self.progress = JobProgress(
            "job",
            list(self.stages.values()),
            send=self.told.append,
            check=check,
            rates=rates or Rates(),
            clock=self.clock,
        )

    def begin(self, name: str) -> Any:
        return self.progress.begin(self.stages[name])


def test_separation_fills_thirty_to_ninety() -> None:
    shares = stage_shares(ALL)
    assert shares["prepare"] == (0, 30) and shares["separation"] == (30, 90)
    assert shares["harmonic_percussive"] == (90, 92.5) and shares["export"] == (97.5, 100)


def test_without_separation_all_stages_share_alike() -> None:
    assert stage_shares(("prepare", "export")) == {"prepare": (0, 50), "export": (50, 100)}


def test_events_are_half_a_second_apart_also_across_stages() -> None:
    world = World("prepare", "separation", "export")
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
    world = World("prepare", "export")
    report = world.begin("prepare")
    report(0.0)
    world.clock.now += 0.6
    report(0.5, "Half of it")
    world.clock.now += 0.6
    report(0.6)
    assert [event.message for event in world.told] == [
        "Loading audio file", "Half of it", "Half of it",
    ]  # fmt: skip


def test_the_bar_never_runs_backwards() -> None:
    world = World("prepare", "export")
    report = world.begin("prepare")
    for fraction in (0.5, 0.2, 7.0, -1.0):
        world.clock.now += 1
        report(fraction)
    assert [event.percent for event in world.told] == [25, 25, 50, 50]


def test_the_time_left_follows_the_pace_of_separation() -> None:
    world = World("prepare", "separation", "export")
    world.progress.audio_s = 100.0
    report = world.begin("separation")
    world.clock.now += 10
    report(0.25)
    after = Rates().expected_s(world.stages["export"], 100.0)
    assert after is not None and after > 0
    assert world.told[-1].eta_s == pytest.approx(30 + after, abs=0.06)


def test_what_an_earlier_attempt_has_done_does_not_make_this_one_look_fast() -> None:
    world = World("prepare", "separation", "export")
    world.progress.audio_s = 100.0
    report = world.begin("separation")
    world.clock.now += 3
    world.progress.resumed()
    report(0.0, "Measuring the song")
    report(0.5)
    assert world.progress.percent == 60
    world.clock.now += 10
    report(0.6)
    after = Rates().expected_s(world.stages["export"], 100.0)
    assert after is not None
    assert world.told[-1].eta_s == pytest.approx(40 + after, abs=0.06)


def test_a_job_that_goes_on_in_the_middle_expects_the_rest_of_what_the_last_one_took() -> None:
    rates = Rates()
    world = World("prepare", "separation", "export", rates=rates)
    rates.remember(world.stages["separation"], 50.0, 100.0)
    rates.remember(world.stages["export"], 20.0, 100.0)
    world.progress.audio_s = 100.0
    report = world.begin("separation")
    world.progress.resumed()
    report(0.8)
    assert world.told[-1].eta_s == pytest.approx(10 + 20)


def test_the_time_left_is_unknown_before_anything_is_known_of_separation() -> None:
    world = World("prepare", "separation", "export")
    world.progress.audio_s = 100.0
    world.clock.now += 1
    world.begin("prepare")(0.5)
    assert world.told[-1].eta_s is None


def test_a_second_job_knows_what_the_first_one_took() -> None:
    rates = Rates()
    first = World("prepare", "separation", "export", rates=rates)
    rates.remember(first.stages["separation"], 50.0, 100.0)
    rates.remember(first.stages["export"], 20.0, 100.0)
    second = World("prepare", "separation", "export", rates=rates)
    second.progress.audio_s = 200.0
    second.clock.now += 1
    second.begin("separation")(0.0)
    assert second.told[-1].eta_s == pytest.approx(100 + 40)


def test_every_report_asks_whether_to_stop_also_between_events() -> None:
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise Cancelled("The job was cancelled.")

    world = World("prepare", "export", check=check)
    report = world.begin("prepare")
    with pytest.raises(Cancelled):
        for _ in range(10):
            report(0.1)
    assert len(asked) == 3 and len(world.told) == 1
