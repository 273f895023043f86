"""Computes a job's progress and its remaining time from what its stages report."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from separation.progress import Report
from separation.protocol.messages import ProgressEvent
from separation.stage_table import RUNS_SEPARATORS, STAGES
from separation.stages.base import PipelineStage

MIN_INTERVAL_S = 0.5
"""From the specification: at most one callback every half second."""

_SEPARATION_FROM, _SEPARATION_TO = 30.0, 90.0
_TRUST_AFTER_S = 1.0
"""Until a stage has run this long, the speed of earlier jobs is the better estimate."""


@dataclass
class Rates:
    """Seconds of work per second of audio, measured by stage and parameters. A process keeps one
    object for all its jobs, so later estimates are better than the first."""

    _measured: dict[str, float] = field(default_factory=dict)

    def remember(self, stage: PipelineStage[Any], work_s: float, audio_s: float) -> None:
        if audio_s > 0:
            self._measured[_rate_key(stage)] = work_s / audio_s

    def expected_s(self, stage: PipelineStage[Any], audio_s: float) -> float | None:
        """Expected seconds of work; None where nothing is known."""
        rate = self._measured.get(_rate_key(stage), STAGES[stage.name].guess)
        return None if rate is None else rate * audio_s


def _rate_key(stage: PipelineStage[Any]) -> str:
    return stage.name + json.dumps(stage.params.model_dump(mode="json"), sort_keys=True)


def stage_shares(names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Where each stage begins and ends in the job's bar, in percent.

    The stages that run separators fill 30 to 90, earlier stages share 0 to 30 and later ones 90 to
    100. Without a separator all stages have equal shares.
    """
    heavy = [name for name in names if name in RUNS_SEPARATORS]
    if not heavy:
        return _even(names, 0.0, 100.0)
    first, last = list(names).index(heavy[0]), list(names).index(heavy[-1])
    return {
        **_even(names[:first], 0.0, _SEPARATION_FROM),
        **_even(names[first : last + 1], _SEPARATION_FROM, _SEPARATION_TO),
        **_even(names[last + 1 :], _SEPARATION_TO, 100.0),
    }


def _even(names: Sequence[str], start: float, stop: float) -> dict[str, tuple[float, float]]:
    step = (stop - start) / max(len(names), 1)
    return {name: (start + i * step, start + (i + 1) * step) for i, name in enumerate(names)}


class JobProgress:
    """Converts each stage's 0..1 to the job's percent; at most one event every half second."""

    def __init__(
        self,
        job_id: str,
        stages: Sequence[PipelineStage[Any]],
        *,
        send: Callable[[ProgressEvent], None],
        check: Callable[[], None],
        rates: Rates,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._job_id = job_id
        self._stages = list(stages)
        self._shares = stage_shares([stage.name for stage in stages])
        self._send = send
        self._check = check
        self._rates = rates
        self._clock = clock
        self._sent_at = float("-inf")
        self._percent = 0.0
        self._resumed = False
        self.audio_s = 0.0

    @property
    def percent(self) -> float:
        """The job's progress, 0 to 100."""
        return round(self._percent, 2)

    def resumed(self) -> None:
        """Declare that an earlier attempt did the share which the stage reports next. The remaining
        time is then estimated from the work after that share."""
        self._resumed = True

    def begin(self, stage: PipelineStage[Any]) -> Report:
        """The report for ``stage``; it raises what ``check`` raises."""
        started, before = self._clock(), 0.0
        self._resumed = False
        start, stop = self._shares[stage.name]
        self._percent = max(self._percent, start)
        shown = stage.activity

        def report(fraction: float, message: str = "") -> None:
            nonlocal shown, started, before
            self._check()
            shown = message or shown
            done = min(max(fraction, 0.0), 1.0)
            if self._resumed and done > 0:
                self._resumed, started, before = False, self._clock(), done
            # A bar that runs backwards reads as a fault.
            self._percent = max(self._percent, start + (stop - start) * done)
            now = self._clock()
            if now - self._sent_at >= MIN_INTERVAL_S:
                self._sent_at = now
                self._send_progress(stage, shown, self._eta_s(stage, done, before, now - started))

        return report

    def _send_progress(self, stage: PipelineStage[Any], message: str, eta_s: float | None) -> None:
        self._send(
            ProgressEvent(
                job_id=self._job_id,
                stage=stage.name,
                percent=self.percent,
                message=message,
                eta_s=None if eta_s is None else round(eta_s, 1),
            )
        )

    def _eta_s(
        self, stage: PipelineStage[Any], done: float, before: float, elapsed_s: float
    ) -> float | None:
        """``before``: the part of ``done`` that did not take any of ``elapsed_s``."""
        expected = self._rates.expected_s(stage, self.audio_s)
        if done > before and elapsed_s >= _TRUST_AFTER_S:
            remaining_s = elapsed_s * (1 - done) / (done - before)
        elif expected is not None and self.audio_s > 0:
            remaining_s = max(expected * (1 - before) - elapsed_s, 0.0)
        else:
            return None
        later = self._stages[self._stages.index(stage) + 1 :]
        guesses = [self._rates.expected_s(other, self.audio_s) for other in later]
        known = [guess for guess in guesses if guess is not None]
        return remaining_s + sum(known) if len(known) == len(guesses) else None
