"""Renders the tables of a report for a terminal; names of files cannot contain control codes."""

from collections.abc import Callable, Iterator, Sequence

from separation.audio.names import one_line
from separation.evaluation.figures import EvaluationMetric
from separation.evaluation.measuring import ESTIMATES
from separation.evaluation.report import EvaluationReport, EvaluationRun, SongResult

ALL_STEMS = "all stems"
_COLUMNS = (*ESTIMATES, "gain")
_WIDTH = 10
_PER_TABLE = 2
"""The number of figures side by side in 80 columns."""

Row = Callable[[EvaluationMetric, str], Sequence[float | None]]


def song_text(song: SongResult, figures: Sequence[EvaluationMetric]) -> str:
    """The text of one song: its speed, and a line for each stem."""
    by_name = {result.stem: result for result in song.stems}

    def row(figure: EvaluationMetric, stem: str) -> list[float | None]:
        result = by_name[stem]
        values = [getattr(result, name).get(figure.key) for name in ESTIMATES]
        return [*values, result.gain(figure.key)]

    silent = [one_line(result.stem) for result in song.stems if result.is_silent]
    return "\n".join(
        [
            f"{one_line(song.song)}: {song.duration_s:.1f} s, separated in "
            f"{song.separation_s:.2f} s ({song.times_real_time:.1f} times real time), "
            f"with all around it {song.job_s:.2f} s",
            *_tables(figures, list(by_name), _COLUMNS, row),
            *(f"  silent in this song: {', '.join(silent)}" for _ in silent[:1]),
            *(f"  note: {one_line(note)}" for note in song.notes),
        ]
    )


def run_text(run: EvaluationRun, figures: Sequence[EvaluationMetric]) -> str:
    """The text of a run: its speed, and a line for each stem over all songs."""

    def row(figure: EvaluationMetric, stem: str) -> list[float | None]:
        summary = run.summary(figure, None if stem == ALL_STEMS else stem)
        return [summary[name] for name in _COLUMNS]

    peak = f"{run.peak_memory_bytes / 1e6:.0f} MB" if run.peak_memory_bytes else "unknown"
    identity = run.identity
    return "\n".join(
        [
            f"{identity.label} ({identity.engine}, {identity.precision}, {identity.device}; "
            f"weights {identity.weights_digest[:12]}): {len(run.songs)} songs, "
            f"{run.audio_s:.1f} s in {run.separation_s:.2f} s "
            f"({run.times_real_time:.1f} times real time, peak memory {peak})",
            *_tables(figures, [*run.stems, ALL_STEMS], _COLUMNS, row),
        ]
    )


def comparison_text(report: EvaluationReport) -> str:
    """The run and the baseline side by side, for the stems that both have."""
    assert report.baseline is not None
    baseline = report.baseline

    def row(figure: EvaluationMetric, stem: str) -> list[float | None]:
        name = None if stem == ALL_STEMS else stem
        return [
            report.run.summary(figure, name)["separated"],
            baseline.summary(figure, name)["separated"],
            report.ahead(figure, name),
        ]

    common = [stem for stem in report.run.stems if stem in baseline.stems]
    # Means over different stems cannot be compared.
    rows = [*common, ALL_STEMS] if set(report.run.stems) == set(baseline.stems) else common
    title = f"{report.run.identity.label} against {baseline.identity.label}"
    speed = (
        f"times real time: {report.run.times_real_time:.1f} against {baseline.times_real_time:.1f}"
    )
    return "\n".join(
        [title, *_tables(report.figures, rows, ("separated", "baseline", "ahead"), row), speed]
    )


def decibels(value: float | None) -> str:
    """A value with two decimals, ``-`` where there is none."""
    return "-" if value is None else f"{value:.2f}"


def _tables(
    figures: Sequence[EvaluationMetric], rows: Sequence[str], columns: Sequence[str], row: Row
) -> Iterator[str]:
    first = max([12, *(len(name) + 2 for name in rows)])
    for start in range(0, len(figures), _PER_TABLE):
        part = figures[start : start + _PER_TABLE]
        width = _WIDTH * len(columns)
        yield " " * first + "".join(f"{figure.label:>{width}}" for figure in part)
        yield f"  {'dB':<{first - 2}}" + "".join(f"{c:>{_WIDTH}}" for _ in part for c in columns)
        for name in rows:
            values = [value for figure in part for value in row(figure, name)]
            cells = "".join(f"{decibels(value):>{_WIDTH}}" for value in values)
            yield f"  {one_line(name):<{first - 2}}{cells}"
