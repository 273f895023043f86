"""Jobs that are simulated: stages that take what a test says, by a clock that the test turns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from separation.pipeline.job_progress import JobProgress
from separation.progress import Report, never_stop
from separation.protocol.jobspec import StageRate, StageRequest
from separation.protocol.messages import ProgressEvent
from separation.stages.registry import check_pipeline

AUDIO_S = 100.0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class World:
    """A pipeline's progress, its clock and what was told. ``expected``: seconds by stage."""

    def __init__(
        self,
        expected: Mapping[str, float],
        *,
        learned: bool = True,
        check: Callable[[], None] = never_stop,
        percent: float = 0.0,
        audio_s: float | None = AUDIO_S,
    ) -> None:
        self.clock = Clock()
        self.told: list[ProgressEvent] = []
        self.stages = {
            stage.name: stage for stage in check_pipeline([StageRequest(name=n) for n in expected])
        }
        self.progress = JobProgress(
            "job",
            list(self.stages.values()),
            rates={
                name: StageRate(seconds_per_second=seconds / AUDIO_S, learned=learned)
                for name, seconds in expected.items()
            },
            send=self.told.append,
            check=check,
            audio_s=audio_s,
            percent=percent,
            clock=self.clock,
        )

    def begin(self, name: str) -> Report:
        report = self.progress.begin(self.stages[name])
        self.progress.working()
        return report

    def keep(self, name: str, seconds: float) -> None:
        """The stage was done by an earlier attempt."""
        self.progress.begin(self.stages[name])(0.0)
        self.progress.kept(seconds)


@dataclass(frozen=True)
class Moment:
    """``passed`` and ``left``: the true seconds."""

    passed: float
    left: float
    percent: float
    eta_s: float


@dataclass(frozen=True)
class StageRun:
    """How a stage really goes: ``seconds``, and where each report comes, as shares of its time and
    of its work; ``loads`` seconds before."""

    seconds: float
    reports: tuple[tuple[float, float], ...]
    loads: float = 0.0


def even(seconds: float, reports: int) -> StageRun:
    shares = [(n + 1) / reports for n in range(reports)]
    return StageRun(seconds, tuple(zip(shares, shares, strict=True)))


def simulate(world: World, runs: Mapping[str, StageRun], *, resumed: float = 0.0) -> list[Moment]:
    """Run these stages; what was shown at each report. ``resumed``: the share of the first one that
    an earlier attempt did."""
    total = sum(run.seconds + run.loads for run in runs.values())
    began = world.clock.now
    shown: list[Moment] = []

    def look() -> None:
        passed = world.clock.now - began
        eta_s: Any = world.progress.eta_s
        shown.append(Moment(passed, total - passed, world.progress.percent, eta_s))

    for name, run in runs.items():
        report = world.progress.begin(world.stages[name])
        report(0.0)
        look()
        world.clock.now += run.loads
        world.progress.working()
        look()
        started = world.clock.now
        if resumed:
            world.progress.resumed()
            report(resumed)
            resumed = 0.0
        for when, done in run.reports:
            world.clock.now = max(world.clock.now, started + run.seconds * when)
            report(done)
            look()
        world.clock.now = started + run.seconds
    return shown
