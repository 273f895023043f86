"""The quality report of a job's page: a card for each stem, with plots as SVG paths."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import localize
from django.utils.translation import gettext as _

from jobs.models import Job
from jobs.sentences import translated
from jobs.services.quality import report_of
from jobs.services.song_length import clock
from jobs.web.job.quality_words import PlainLine, plain_lines, short_words
from jobs.web.results import shown_s
from jobs.wording import decibels
from separation.quality.report import PartsQuality, QualityReport, SignalQuality, StemQuality
from separation.quality.rules import SUMS_EXACTLY_DB
from separation.stage_table import EXPORT

PLOT_WIDTH, PLOT_HEIGHT = 240, 56
_RANGE_DB = 60
"""The range of a plot, from the loudest level of the song down to the bottom."""

_MINUS = "\N{MINUS SIGN}"
_TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Row:
    """One measurement of a stem and of the song; ``song`` is empty where it has none."""

    label: str
    stem: str
    song: str = ""


@dataclass(frozen=True)
class Plot:
    """The stem as a filled path and the song as a line; ``words`` is the text alternative."""

    title: str
    words: str
    start: str
    end: str
    stem: str
    song: str


@dataclass(frozen=True)
class QualityCard:
    name: str
    is_flagged: bool
    verdict: str
    reason: str
    plots: tuple[Plot, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Quality:
    """``lines`` and ``short`` are the plain words; the rest are the figures."""

    is_flagged: bool
    verdict: str
    reason: str
    notes: tuple[str, ...]
    cards: tuple[QualityCard, ...]
    details: tuple[PartsQuality, ...]
    lines: tuple[PlainLine, ...]
    short: str


def quality(job: Job) -> Quality | None:
    report = report_of(job)
    if report is None:
        return None
    return Quality(
        is_flagged=bool(report.findings)
        or any(stem.findings for stem in report.stems)
        or any(parts.is_flagged for parts in report.details),
        verdict=translated(report.verdict),
        reason=translated(report.reason),
        notes=tuple(note for note in (_residual(report), _gain(job)) if note),
        cards=tuple(_card(stem, report.song, shown_s(job)) for stem in report.stems),
        details=report.details,
        lines=plain_lines(report, shown_s(job) or 0.0),
        short=short_words(report),
    )


def _residual(report: QualityReport) -> str:
    if not report.complete:
        return _("Only some stems were requested, so together they are not the whole song.")
    if report.findings:
        return ""
    if report.residual_db is None or report.residual_db <= SUMS_EXACTLY_DB:
        return _("Together the stems are exactly the song.")
    return _(
        "Together the stems are the song but for a rest %(db)s dB below it, which is in the track "
        "“residual”."
    ) % {"db": f"{-report.residual_db:.0f}"}


def _gain(job: Job) -> str:
    """A note on the gain of the export, as the report measures the stems before it."""
    stages = job.manifest.get("stages") or []
    found = (each.get("details") or {} for each in stages if each.get("name") == EXPORT)
    gain_db = next(found, {}).get("gain_db") or 0.0
    if gain_db > -0.05:
        return ""
    return _(
        "All tracks were then lowered by %(db)s dB, so that none is clipped in its file; the "
        "levels here are from before."
    ) % {"db": localize(round(-gain_db, 1))}


def _card(stem: StemQuality, song: SignalQuality, duration_s: float | None) -> QualityCard:
    return QualityCard(
        name=stem.name,
        is_flagged=bool(stem.findings),
        verdict=translated(stem.verdict),
        reason=translated(stem.reason),
        plots=(_over_time(stem, song, duration_s), _spectrum(stem, song)),
        rows=(*_compared(stem, song), *_in_the_song(stem)),
    )


def _compared(stem: StemQuality, song: SignalQuality) -> list[Row]:
    return [
        Row(_("Loudness"), *(_level(s.loudness_lufs, "LUFS") for s in (stem, song))),
        Row(_("True peak"), *(_level(s.true_peak_dbtp, "dBTP") for s in (stem, song))),
        Row(_("Clipped"), *(_clipped(s) for s in (stem, song))),
        Row(_("Silent"), *(_percent(s.silence_share) for s in (stem, song))),
        Row(_("Spectral entropy"), *(_entropy(s) for s in (stem, song))),
        Row(_("Spectral flatness"), *(_flatness(s) for s in (stem, song))),
    ]


def _in_the_song(stem: StemQuality) -> list[Row]:
    """Measurements that only a stem has; empty for a silent stem."""
    if stem.relative_db is None:
        return []
    rows = [
        Row(_("Level in the song"), _level(stem.relative_db, "dB")),
        Row(_("Timing"), _timing(stem.delay_ms)),
    ]
    if not any(each.code in ("late", "early") for each in stem.findings):
        rows.append(Row(_("Fits best at"), f"{_TIMES} {_signed(stem.fit_gain)}"))
    if stem.bleed:
        most = max(stem.bleed, key=lambda other: stem.bleed[other])
        label = _("Moves most with %(stem)s") % {"stem": most.replace("_", " ")}
        rows.append(Row(label, _signed(stem.bleed[most])))
    return rows


def _level(value: float | None, unit: str) -> str:
    return _("silent") if value is None else decibels(value, unit)


def _entropy(signal: SignalQuality) -> str:
    return _("none") if signal.entropy is None else f"{signal.entropy:.2f}"


def _flatness(signal: SignalQuality) -> str:
    """In decibels: 0 is white noise, and music is far below."""
    if signal.flatness is None:
        return _("none")
    return _level(10 * math.log10(max(signal.flatness, 1e-6)), "dB")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.005 else _("under 1 %")


def _clipped(signal: SignalQuality) -> str:
    if not signal.clipped_samples:
        return _("none")
    return f"{max(100 * signal.clipped_share, 1e-4):.2g} %"


def _timing(delay_ms: float) -> str:
    if not delay_ms:
        return _("in time")
    words = _("%(ms)s ms late") if delay_ms > 0 else _("%(ms)s ms early")
    return words % {"ms": localize(round(abs(delay_ms), 1))}


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", _MINUS)


def _over_time(stem: StemQuality, song: SignalQuality, duration_s: float | None) -> Plot:
    top = max(song.levels_db, default=0)
    loudest = max(stem.levels_db, default=0)
    return Plot(
        title=_("Level over time"),
        words=_over_time_words(loudest, top),
        start="0:00",
        end=clock(duration_s or 0.0),
        stem=_area(stem.levels_db, top),
        song=_line(song.levels_db, top),
    )


def _spectrum(stem: StemQuality, song: SignalQuality) -> Plot:
    top = max(song.bands_db, default=0)
    strongest = max(range(len(stem.bands_db)), key=lambda band: stem.bands_db[band], default=0)
    return Plot(
        title=_("Spectrum"),
        words=_(
            "Spectrum in %(bands)s bands of hearing: strongest in band %(band)s, counted from the "
            "lowest."
        )
        % {"bands": len(stem.bands_db), "band": strongest + 1},
        start="20 Hz",
        end="15.5 kHz",
        stem=_steps(stem.bands_db, top, closed=True),
        song=_steps(song.bands_db, top, closed=False),
    )


def _over_time_words(loudest: int, top: int) -> str:
    if loudest >= top:
        return _("Level over time: at its loudest as loud as the song's loudest.")
    return _("Level over time: at its loudest %(db)s dB below the song's loudest.") % {
        "db": top - loudest
    }


def _y(level: int, top: int) -> str:
    down = min(max(top - level, 0), _RANGE_DB) / _RANGE_DB
    return f"{down * PLOT_HEIGHT:.1f}"


def _line(levels: Sequence[int], top: int) -> str:
    """One point for each level, from edge to edge."""
    last = max(len(levels) - 1, 1)
    points = (f"{n * PLOT_WIDTH / last:.1f} {_y(each, top)}" for n, each in enumerate(levels))
    return f"M{' L'.join(points)}" if levels else ""


def _area(levels: Sequence[int], top: int) -> str:
    if not levels:
        return ""
    return f"{_line(levels, top)} V{PLOT_HEIGHT} H0 Z"


def _steps(levels: Sequence[int], top: int, *, closed: bool) -> str:
    """A level step for each band."""
    if not levels:
        return ""
    width = PLOT_WIDTH / len(levels)
    steps = " ".join(f"V{_y(each, top)} H{(n + 1) * width:.1f}" for n, each in enumerate(levels))
    if closed:
        return f"M0 {PLOT_HEIGHT} {steps} V{PLOT_HEIGHT} Z"
    return f"M0 {_y(levels[0], top)} {steps}"
