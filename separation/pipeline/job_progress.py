"""How far a job is, as the share of its time that has passed, and how long it will still take.

Both come from one number, the seconds that are left: what the running stage still needs
(:mod:`separation.pipeline.stage_pace`) and what later ones should take. In a moment of ``d``
seconds, with ``l`` left after it, the bar moves by ``d / (d + l)`` of what it has before it. So:

- Where everything takes as long as expected, percent is the share of the time that has passed.
- Where something turns out slower the bar slows down, and where it turns out faster it speeds up.
  It never jumps, goes back or reaches its end early: what is before it and the time left come to
  their end together.
- A machine that was slower than usual so far, as a busy one is, is believed to remain so.
- It is empty until something is done; the time before counts from then on.
- Never does it show more than it would if the running stage ended now. A stage that is overdue
  therefore creeps, and does not pass its end.

Work that an earlier attempt did counts with the time that it took then.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from separation.pipeline.stage_pace import StagePace
from separation.progress import Report
from separation.protocol.jobspec import StageRate
from separation.protocol.messages import ProgressEvent
from separation.stages.base import PipelineStage

MIN_INTERVAL_S = 0.5
"""The specification's: a callback at most every half second."""

LAST_PERCENT = 99.9
"""What is shown at most before the job is complete: what is rounded must not look like the end."""

USUAL_SONG_S = 240.0
"""Where nobody knows how long the song is, until it is decoded."""

_PATIENCE = 0.25
"""Over this share of the job's time nothing that was seen so far counts as much as what was
learned."""


class JobProgress:
    """Turns each stage's 0..1 into the job's percent, at most one event every half second."""

    def __init__(
        self,
        job_id: str,
        stages: Sequence[PipelineStage[Any]],
        *,
        rates: Mapping[str, StageRate],
        send: Callable[[ProgressEvent], None],
        check: Callable[[], None],
        audio_s: float | None = None,
        percent: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``rates``: of every stage. ``percent``: where the bar stood at the end of an earlier
        attempt, 0 to 100."""
        self._job_id = job_id
        self._names = [stage.name for stage in stages]
        self._rates = rates
        self._send = send
        self._check = check
        self._clock = clock
        self._audio_s = audio_s
        self._sent_at = float("-inf")
        self._shown = self._floor = percent / 100
        self._done_s = 0.0
        self._took_s = self._should_s = 0.0
        self._is_loading = self._is_timed = self._is_working = self._has_worked = False
        self._resumed = False
        self._place = -1
        self._looked_at = self._moved_at = now = self._clock()
        self._pace = StagePace(0.0, is_learned=True, now=now)
        self._begin_counting(now)

    @property
    def percent(self) -> float:
        """Where the bar stands, 0 to below 100."""
        return round(min(100 * self._shown, LAST_PERCENT), 2)

    @property
    def eta_s(self) -> float | None:
        """The seconds that are left; None while the length of the song is unknown."""
        return None if self._audio_s is None else round(self._left_s(self._looked_at), 1)

    def begin(self, stage: PipelineStage[Any]) -> Report:
        """The report to hand to ``stage``; raises what ``check`` raises."""
        now = self._clock()
        self._end_stage(now)
        self._move(now, self._later_s(now))
        self._place = self._names.index(stage.name)
        self._is_loading, self._resumed = True, False
        self._pace = self._new_pace(now)
        self._begin_counting(now)
        words = stage.activity

        def report(fraction: float, message: str = "") -> None:
            nonlocal words
            self._check()
            words = message or words
            self._reach(min(max(fraction, 0.0), 1.0))
            if self._looked_at - self._sent_at >= MIN_INTERVAL_S:
                self._sent_at = self._looked_at
                self._tell(stage, words)

        return report

    def working(self) -> None:
        """The stage that has begun does its work now; until then its model was loaded, or was
        looked for in what an earlier attempt had left."""
        now = self._clock()
        self._pace = self._new_pace(now)
        self._move(now, self._left_s(now))
        self._is_loading, self._is_working = False, True
        self._is_timed = self._is_learned(self._place)
        self._begin_counting(now)

    def resumed(self) -> None:
        """The share that the stage reports next was done before."""
        self._resumed = True

    def kept(self, seconds: float) -> None:
        """The stage that has begun was done by an earlier attempt, in so many seconds."""
        now = self._clock()
        self._is_loading = False
        self._pace = StagePace(0.0, is_learned=True, now=now)
        self._credit(seconds, self._later_s(now), now)

    def decoded(self, audio_s: float) -> None:
        """How long the song is, in seconds."""
        if audio_s > 0:
            self._audio_s = audio_s

    def _reach(self, done: float) -> None:
        now = self._clock()
        if self._is_loading:
            self._pace = self._new_pace(now)
        if self._resumed and done > 0:
            self._resumed = False
            self._pace.resume(done, now)
            self._credit(done * self._usual_s(self._place), self._left_s(now), now)
        self._pace.reached(done, now)
        self._has_worked = self._has_worked or done > 0
        self._move(now, self._left_s(now))

    def _move(self, now: float, left_s: float) -> None:
        self._looked_at = now
        if not self._has_worked and self._floor <= 0:
            # Counted with the first work that is done, so that a bar above 0 means progress.
            return
        passed, self._moved_at = now - self._moved_at, now
        if passed <= 0:
            return
        self._done_s += passed
        if not self._has_worked:
            # To load a model once more, or to read what is finished, is no progress.
            return
        ahead = 1.0 - self._shown
        moved = self._shown + ahead * passed / (passed + left_s)
        self._shown = max(self._shown, min(moved, self._if_it_ended(now)))

    def _if_it_ended(self, now: float) -> float:
        """Where the bar would stand if what runs now, the stage or what it loads, ended now."""
        took, then_s = now - self._phase_began, self._later_s(now)
        if self._is_loading:
            then_s += self._pace.left_s(now)
        if then_s <= 0:
            return 1.0
        return 1.0 - (1.0 - self._phase_from) * then_s / (then_s + took)

    def _credit(self, seconds: float, left_s: float, now: float) -> None:
        """Count what an earlier attempt did, in ``seconds``; ``left_s`` are left."""
        self._done_s += seconds
        if self._done_s > 0:
            self._shown = max(self._shown, self._done_s / (self._done_s + left_s))
        self._begin_counting(now)

    def _begin_counting(self, now: float) -> None:
        self._phase_began, self._phase_from = now, self._shown

    def _end_stage(self, now: float) -> None:
        """Remember how long the stage that was running took, and how long it should."""
        if self._is_timed:
            self._took_s += self._pace.took_s(now)
            self._should_s += self._should_now_s()
        self._has_worked = self._has_worked or self._is_working
        self._is_timed = self._is_working = False
        self._pace = StagePace(0.0, is_learned=True, now=now)

    def _new_pace(self, now: float) -> StagePace:
        self._is_timed = False
        expected_s, learned = self._usual_s(self._place), self._is_learned(self._place)
        if learned:
            expected_s *= self._slowness(now)
        return StagePace(expected_s, is_learned=learned, now=now)

    def _is_learned(self, place: int) -> bool:
        return self._rates[self._names[place]].learned

    def _usual_s(self, place: int) -> float:
        """What the stage at ``place`` takes where nothing is as it should not be."""
        audio_s = USUAL_SONG_S if self._audio_s is None else self._audio_s
        return self._rates[self._names[place]].seconds_per_second * audio_s

    def _later_s(self, now: float) -> float:
        """For all stages after the running one."""
        slowness = self._slowness(now)
        return sum(
            self._usual_s(place) * (slowness if self._is_learned(place) else 1.0)
            for place in range(self._place + 1, len(self._names))
        )

    def _slowness(self, now: float) -> float:
        """How much longer than learned ones should, others of this attempt are believed to take.
        The root, as what slows one stage down may not concern the next."""
        took_s, should_s = self._took_s, self._should_s
        if self._is_timed:
            took_s += self._pace.took_s(now) + self._pace.left_s(now)
            should_s += self._should_now_s()
        patience_s = _PATIENCE * self._everything_s()
        if patience_s <= 0:
            return 1.0
        return math.sqrt((took_s + patience_s) / (should_s + patience_s))

    def _should_now_s(self) -> float:
        """What this attempt should need for the running stage."""
        return self._usual_s(self._place) * (1.0 - self._pace.resumed_at)

    def _everything_s(self) -> float:
        return sum(self._usual_s(place) for place in range(len(self._names)))

    def _left_s(self, now: float) -> float:
        left_s = self._pace.left_s(now) + self._later_s(now)
        if not self._has_worked:
            # How much an earlier attempt has done is not known before its files were read.
            left_s = min(left_s, (1.0 - self._floor) * self._everything_s())
        return left_s

    def _tell(self, stage: PipelineStage[Any], message: str) -> None:
        self._send(
            ProgressEvent(
                job_id=self._job_id,
                stage=stage.name,
                percent=self.percent,
                message=message,
                eta_s=self.eta_s,
            )
        )
