"""Renders a report as one self-contained page: no script, no other file, light and dark."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from separation.evaluation.charts import ceiling_chart, gain_chart, speed_chart
from separation.evaluation.figures import EvaluationMetric
from separation.evaluation.measuring import ESTIMATES, StemResult
from separation.evaluation.page_style import STYLE
from separation.evaluation.report import CONVENTIONS, EvaluationReport, EvaluationRun, SongResult
from separation.evaluation.text import ALL_STEMS, decibels

_COLUMNS = {
    "separated": "separated",
    "gain": "gain",
    "nothing": "doing nothing",
    "ideal": "ideal mask",
}
"""The most important columns come first, because small screens show only these without
scrolling."""

_TERMS = {
    "sdr": "SDR, whole song (MDX)",
    "si_sdr": "SI-SDR",
    "bss_eval": "BSS Eval v4",
    "nothing": "doing nothing",
    "ideal": "ideal mask",
    "gain": "gain",
    "silent": "silent stems",
    "over_songs": "all songs",
}


def as_page(report: EvaluationReport) -> str:
    """The whole document. Every name in it is escaped, because folders may have any name."""
    names = " and ".join(run.identity.label for run in report.runs)
    title = f"{names} on {report.suite}"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
            f"<header><h1>{escape(title)}</h1>{_facts(report)}</header>",
            *_plots(report),
            *(_run_section(run, report.figures) for run in report.runs),
            _comparison(report),
            _failures(report),
            _conventions(report),
            "</main></body></html>",
        ]
    )


def _facts(report: EvaluationReport) -> str:
    run = report.run
    songs = f"{len(run.songs)} songs, {run.audio_s / 60:.1f} minutes"
    if report.seconds is not None:
        songs += f" ({report.seconds:g} s of the middle of each)"
    if report.limited:
        songs += ", not all of the suite"
    host = f"{report.host.processor}, {report.host.cores} cores"
    facts = {
        "measured": report.date.replace("T", " ").replace("+00:00", " UTC"),
        "suite": songs,
        "host": host,
    }
    for each in report.runs:
        identity = each.identity
        peak = f"{each.peak_memory_bytes / 1e6:.0f} MB" if each.peak_memory_bytes else "unknown"
        facts[identity.label] = (
            f"{identity.engine}, {identity.precision}, {identity.device}; "
            f"{each.times_real_time:.1f} times real time; peak memory {peak}; "
            f"weights {identity.weights_digest[:12]}"
        )
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items())
    return f"<dl>{''.join(rows)}</dl>"


def _plots(report: EvaluationReport) -> Iterator[str]:
    figure = report.figures[0]
    key = "".join(
        f'<li><i class="run{place}"></i>{escape(run.identity.label)}</li>'
        for place, run in enumerate(report.runs)
    )
    yield '<section><h2>At a glance</h2><div class="plots">'
    title = f"Gain over doing nothing: {figure.label}"
    yield _figure(
        gain_chart(report.runs, figure, title),
        title,
        f"A bar is the {figure.over_songs} of the songs, a dot is one song.",
        key,
    )
    for place, run in enumerate(report.runs):
        title = f"{run.identity.label} between doing nothing and the ideal mask: {figure.label}"
        yield _figure(
            ceiling_chart(run, figure, title, place),
            title,
            "The short line on one end is doing nothing, the one on the other end what a mask "
            "reaches that knows the true stems; the dot is the separator.",
        )
    title = "Times real time"
    yield _figure(
        speed_chart(report.runs, title),
        title,
        "Seconds of sound separated in a second, the model loaded; a dot is one song.",
    )
    yield "</div></section>"


def _figure(svg: str, title: str, words: str, key: str = "") -> str:
    listed = f'<ul class="key">{key}</ul>' if key else ""
    return (
        f"<figure><figcaption><h3>{escape(title)}</h3>{listed}</figcaption>{svg}"
        f"<p>{escape(words)}</p></figure>"
    )


Row = Callable[[EvaluationMetric], Sequence[float | None]]


def _run_section(run: EvaluationRun, figures: Sequence[EvaluationMetric]) -> str:
    name = run.identity.label
    rows = [(stem, _summary_row(run, stem)) for stem in run.stems]
    rows.append((ALL_STEMS, _summary_row(run, None)))
    songs = "".join(_song_section(song, figures) for song in run.songs)
    return (
        f"<section><h2>{escape(name)}</h2>"
        f"{_tables(f'{name}, all songs', figures, list(_COLUMNS.values()), rows)}"
        f"<details><summary>Song by song</summary>{songs}</details></section>"
    )


def _summary_row(run: EvaluationRun, stem: str | None) -> Row:
    return lambda figure: [run.summary(figure, stem)[column] for column in _COLUMNS]


def _song_section(song: SongResult, figures: Sequence[EvaluationMetric]) -> str:
    rows = [
        (f"{stem.stem} (silent)" if stem.is_silent else stem.stem, _stem_row(stem))
        for stem in song.stems
    ]
    notes = "".join(f"<p>{escape(note)}</p>" for note in song.notes)
    speed = (
        f"{song.duration_s:.1f} s, separated in {song.separation_s:.2f} s "
        f"({song.times_real_time:.1f} times real time), with all around it {song.job_s:.2f} s"
    )
    tables = _tables(song.song, figures, list(_COLUMNS.values()), rows)
    return f"<h3>{escape(song.song)}</h3><p>{speed}</p>{tables}{notes}"


def _stem_row(stem: StemResult) -> Row:
    def row(figure: EvaluationMetric) -> list[float | None]:
        values = {name: getattr(stem, name).get(figure.key) for name in ESTIMATES}
        values["gain"] = stem.gain(figure.key)
        return [values[column] for column in _COLUMNS]

    return row


def _comparison(report: EvaluationReport) -> str:
    baseline = report.baseline
    if baseline is None:
        return ""
    rows = [
        (stem, _comparison_row(report, baseline, stem))
        for stem in report.run.stems
        if stem in baseline.stems
    ]
    name = f"{report.run.identity.label} against {baseline.identity.label}"
    columns = [report.run.identity.label, baseline.identity.label, "ahead"]
    tables = _tables(name, report.figures, columns, rows)
    return f"<section><h2>{escape(name)}</h2>{tables}</section>"


def _comparison_row(report: EvaluationReport, baseline: EvaluationRun, stem: str) -> Row:
    return lambda figure: [
        report.run.summary(figure, stem)["separated"],
        baseline.summary(figure, stem)["separated"],
        report.ahead(figure, stem),
    ]


def _tables(
    name: str,
    figures: Sequence[EvaluationMetric],
    columns: Sequence[str],
    rows: Sequence[tuple[str, Row]],
) -> str:
    """One table for each figure, side by side where there is room."""
    made = (_table(f"{name}: {figure.label}, dB", figure, columns, rows) for figure in figures)
    return f'<div class="tables">{"".join(made)}</div>'


def _table(
    caption: str, figure: EvaluationMetric, columns: Sequence[str], rows: Sequence[tuple[str, Row]]
) -> str:
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in ("stem", *columns))
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{decibels(value)}</td>" for value in row(figure))
        + "</tr>"
        for name, row in rows
    )
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{names}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _failures(report: EvaluationReport) -> str:
    failed = [(run.identity.label, song) for run in report.runs for song in run.failed]
    if not failed:
        return ""
    lines = "".join(
        f"<li>{escape(f'{song.song} ({name}): {song.code}: {song.detail}')}</li>"
        for name, song in failed
    )
    return f"<section><h2>Songs without figures</h2><ul>{lines}</ul></section>"


def _conventions(report: EvaluationReport) -> str:
    terms = "".join(
        f"<dt>{escape(_TERMS[key])}</dt><dd>{escape(words)}</dd>"
        for key, words in CONVENTIONS.items()
    )
    return (
        f"<section><h2>What the figures mean</h2><dl>{terms}</dl>"
        f"<p>Suite digest {report.suite_digest}; stemsite {escape(report.code_version)}.</p>"
        "</section>"
    )
