"""Charts of a report as SVG, without scripts; the page's style sheet gives the colours.

A chart is as wide as a small screen, so that its words keep their size there. It has a title and a
description for people who cannot see it; the page's tables have the same numbers.
"""

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, isfinite, log10

from separation.evaluation.figures import EvaluationMetric
from separation.evaluation.report import EvaluationRun

_WIDTH, _LEFT, _RIGHT = 360.0, 108.0, 40.0
_ROW, _TOP, _BOTTOM = 38.0, 14.0, 30.0
_BAR = 13.0
_LONGEST = 13
_MOST_TICKS = 6


class _Scale:
    """Maps values to x coordinates between the names on the left and the numbers on the right."""

    def __init__(self, values: Sequence[float], *, from_zero: bool = True) -> None:
        known = [value for value in values if isfinite(value)] or [0.0]
        low, high = min(known), max(known)
        if from_zero:
            low, high = min(low, 0.0), max(high, 0.0)
        self._step = _round_step((high - low) / _MOST_TICKS or 1.0)
        self._low = floor(low / self._step) * self._step
        self._high = max(ceil(high / self._step) * self._step, self._low + self._step)

    def place(self, value: float) -> float:
        inside = min(max(value, self._low), self._high)
        share = (inside - self._low) / (self._high - self._low)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def ticks(self) -> Iterator[float]:
        count = round((self._high - self._low) / self._step)
        return (self._low + place * self._step for place in range(count + 1))


def gain_chart(runs: Sequence[EvaluationRun], figure: EvaluationMetric, title: str) -> str:
    """A bar for the gain over doing nothing of each stem and run, and a dot for each song."""
    stems = list(dict.fromkeys(stem for run in runs for stem in run.stems))
    gains = {
        (place, stem): [result.gain(figure.key) for result in run.results(stem)]
        for place, run in enumerate(runs)
        for stem in stems
    }
    every = [value for values in gains.values() for value in values if value is not None]
    scale = _Scale(every)
    chart = _Chart(title, _gains_in_words(runs, figure), len(stems), scale, "dB")
    for row, stem in enumerate(stems):
        chart.name(row, stem)
        for place, run in enumerate(runs):
            y = chart.middle(row) + _BAR * (place - (len(runs) - 1) / 2)
            mean = run.summary(figure, stem)["gain"]
            if mean is not None:
                chart.bar(y, mean, f"run{place}")
            for value in gains[place, stem]:
                if value is not None:
                    chart.dot(y, value, f"song run{place}")
    return chart.svg()


def ceiling_chart(run: EvaluationRun, figure: EvaluationMetric, title: str, place: int = 0) -> str:
    """A line for each stem, from doing nothing to the ideal mask, with the separator on it.
    ``place``: the index of the run, which decides its colour."""
    rows = {stem: run.summary(figure, stem) for stem in run.stems}
    scale = _Scale([v for row in rows.values() for k, v in row.items() if v and k != "gain"])
    words = "; ".join(
        f"{stem}: doing nothing {_db(row['nothing'])}, separated {_db(row['separated'])}, "
        f"ideal mask {_db(row['ideal'])}"
        for stem, row in rows.items()
    )
    chart = _Chart(title, words, len(rows), scale, "dB")
    for line, (stem, row) in enumerate(rows.items()):
        chart.name(line, stem)
        y = chart.middle(line)
        nothing, separated, ideal = (row[name] for name in ("nothing", "separated", "ideal"))
        if nothing is None or separated is None or ideal is None:
            continue
        chart.line(y, nothing, ideal, "range")
        chart.line(y, nothing, separated, f"reached run{place}")
        chart.tick(y, nothing, "nothing")
        chart.dot(y, separated, f"separated run{place}", radius=5)
        chart.tick(y, ideal, "ideal")
    return chart.svg()


def speed_chart(runs: Sequence[EvaluationRun], title: str) -> str:
    """A bar for the speed of each run in times real time, and a dot for each song."""
    scale = _Scale([song.times_real_time for run in runs for song in run.songs])
    words = "; ".join(f"{run.identity.label}: {run.times_real_time:.1f}" for run in runs)
    chart = _Chart(title, words, len(runs), scale, "times real time")
    for row, run in enumerate(runs):
        chart.name(row, run.identity.model or run.identity.separator)
        chart.bar(chart.middle(row), run.times_real_time, f"run{row}")
        for song in run.songs:
            chart.dot(chart.middle(row), song.times_real_time, f"song run{row}")
    return chart.svg()


class _Chart:
    def __init__(self, title: str, words: str, rows: int, scale: _Scale, unit: str) -> None:
        self._scale = scale
        self._bottom = _TOP + rows * _ROW
        height = self._bottom + _BOTTOM
        self._parts = [
            f'<svg viewBox="0 0 {_WIDTH:g} {height:g}" role="img">'
            f"<title>{escape(title)}</title><desc>{escape(words)}</desc>",
            *(self._grid(value) for value in scale.ticks()),
            f'<text class="unit" x="{_WIDTH - 2:g}" y="{self._bottom + 26:g}">{escape(unit)}'
            "</text>",
        ]

    def middle(self, row: int) -> float:
        return _TOP + (row + 0.5) * _ROW

    def name(self, row: int, name: str) -> None:
        shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        self._parts.append(
            f'<text class="name" x="{_LEFT - 8:g}" y="{self.middle(row) + 4:g}">'
            f"{escape(shown)}</text>"
        )

    def bar(self, y: float, value: float, kind: str) -> None:
        zero, end = self._scale.place(0.0), self._scale.place(value)
        self._parts.append(
            f'<rect class="bar {kind}" x="{min(zero, end):.1f}" y="{y - _BAR / 2 + 0.5:.1f}" '
            f'width="{max(abs(end - zero), 1):.1f}" height="{_BAR - 1:g}"/>'
        )
        self._parts.append(
            f'<text class="value" x="{_WIDTH - 2:g}" y="{y + 4:.1f}">{value:.1f}</text>'
        )

    def dot(self, y: float, value: float, kind: str, radius: float = 2.5) -> None:
        self._parts.append(
            f'<circle class="dot {kind}" cx="{self._scale.place(value):.1f}" cy="{y:.1f}" '
            f'r="{radius:g}"/>'
        )

    def line(self, y: float, start: float, stop: float, kind: str) -> None:
        self._parts.append(
            f'<line class="{kind}" x1="{self._scale.place(start):.1f}" y1="{y:.1f}" '
            f'x2="{self._scale.place(stop):.1f}" y2="{y:.1f}"/>'
        )

    def tick(self, y: float, value: float, kind: str) -> None:
        x = self._scale.place(value)
        self._parts.append(
            f'<line class="tick {kind}" x1="{x:.1f}" y1="{y - 8:.1f}" x2="{x:.1f}" '
            f'y2="{y + 8:.1f}"/>'
        )

    def svg(self) -> str:
        return "".join([*self._parts, "</svg>"])

    def _grid(self, value: float) -> str:
        x = self._scale.place(value)
        kind = "zero" if abs(value) < 1e-9 else "grid"
        return (
            f'<line class="{kind}" x1="{x:.1f}" y1="{_TOP - 6:g}" x2="{x:.1f}" '
            f'y2="{self._bottom:g}"/><text class="scale" x="{x:.1f}" y="{self._bottom + 14:g}">'
            f"{value:g}</text>"
        )


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, ... that is at least ``least``."""
    power = 10.0 ** floor(log10(least))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= least * (1 - 1e-9))


def _gains_in_words(runs: Sequence[EvaluationRun], figure: EvaluationMetric) -> str:
    return "; ".join(
        f"{run.identity.label}, {stem}: {_db(run.summary(figure, stem)['gain'])}"
        for run in runs
        for stem in run.stems
    )


def _db(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} dB"
