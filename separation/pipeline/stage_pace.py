"""How long the running stage still takes, from what it should take and from its own pace."""

_SURE = 0.15
"""A learned cost counts as much as the pace over this share of the stage."""

_UNSURE = 0.001
"""The same for a constant, which may be wrong by a hundred: the pace counts almost at once."""

_OVERDUE = 0.5
"""Of the time that a stage has taken, as far as it should not have, it is taken to need this share
again while it has nothing to report."""

_SURELY = 0.9
"""The share of a learned time within which nothing is overdue; a constant counts for nothing."""

_AT_LEAST = 0.01
"""A pace that is seen at the first report is believed to be at most a hundred times faster than
expected: some stages report before they have done anything."""

_END = 0.02
"""What follows the last report of a stage, by the time it took until then: files are pushed to the
disk and hashed."""


class StagePace:
    """One stage of one attempt; times are those of one clock, in seconds. ``resumed_at``: the share
    that was done before the attempt."""

    def __init__(self, expected_s: float, *, is_learned: bool, now: float) -> None:
        self._expected_s = expected_s
        self.resumed_at = 0.0
        self._sureness = _SURE if is_learned else _UNSURE
        self._surely = _SURELY if is_learned else 0.0
        self._began = now
        self._is_moving = False
        self._done = 0.0
        self._start_counting(now, done=0.0, left_s=expected_s)

    def _start_counting(self, now: float, *, done: float, left_s: float) -> None:
        """``left_s``: for what is left when ``done`` is done."""
        self._since, self._from, self._left_s = now, done, left_s

    def resume(self, done: float, now: float) -> None:
        """``done`` was done by an earlier attempt and took nothing of this one's time."""
        self._is_moving, self._done, self._began = True, done, now
        self.resumed_at = done
        self._start_counting(now, done=done, left_s=self._expected_s * (1.0 - done))

    def reached(self, done: float, now: float) -> None:
        """The stage reports its share done, 0 to 1."""
        self._done = max(self._done, done)
        if self._done > 0 and not self._is_moving:
            # What came before, such as the first window of a network, is longer than others are.
            self._is_moving = True
            self._start_counting(now, done=self._done, left_s=self._first_guess_s(now))

    def took_s(self, now: float) -> float:
        """So far, in this attempt."""
        return now - self._began

    def left_s(self, now: float) -> float:
        """Above 0 from the first moment on."""
        moved, elapsed = self._done - self._from, now - self._since
        end_s = _END * self.took_s(now)
        if moved > 0:
            believed = self._left_s / (1.0 - self._from)
            whole_s = (elapsed + self._sureness * believed) / (moved + self._sureness)
            return max(whole_s * (1.0 - self._done), end_s)
        return max(self._left_s - elapsed, self._overdue_s(now), end_s)

    def _overdue_s(self, now: float) -> float:
        should_s = self._expected_s * (1.0 - self.resumed_at)
        over = self.took_s(now) - self._surely * should_s
        return max(_OVERDUE * over * (1.0 - self._done), 0.0)

    def _first_guess_s(self, now: float) -> float:
        """At the first report: the more is done, the more the pace counts."""
        took, rest = self.took_s(now), 1.0 - self._done
        left_s = min(self._expected_s - took, self._expected_s * rest)
        left_s = max(left_s, self._overdue_s(now))
        pace_s = max(took * rest / self._done, _AT_LEAST * left_s)
        return float(pace_s**self._done * left_s**rest)
