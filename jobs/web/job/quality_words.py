"""The quality report in plain words: which stems are good, what is wrong with the others, and where
to listen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs.sentences import translated
from jobs.wording import track_label
from separation.families import spoken_name
from separation.quality.report import Finding, QualityReport, StemQuality

WORDS = {
    "clipped": gettext_lazy("Distorted where it is loudest."),
    "empty": gettext_lazy("Nothing is in it: the song may not have it."),
    "whole_song": gettext_lazy("It is nearly the whole song."),
    "same_sound": gettext_lazy("Nearly the same sound as another stem."),
    "inverted": gettext_lazy("Upside down: it cancels the others instead of joining them."),
    "late": gettext_lazy("A little late."),
    "early": gettext_lazy("A little early."),
    "too_loud": gettext_lazy("Too loud for the song."),
    "too_quiet": gettext_lazy("Too quiet for the song."),
    "not_in_the_song": gettext_lazy("Some sound that the song does not have."),
    "bleed": gettext_lazy("Some bleed from another stem."),
}

_EVERYWHERE = frozenset({"empty", "late", "early", "inverted", "too_loud", "too_quiet"})
"""Faults of the whole stem, which no place shows better than another."""


@dataclass(frozen=True)
class PlainLine:
    """``stems``: their names. ``at_s``: a place in the tracks to listen at, if one is better than
    others."""

    stems: str
    words: str
    is_flagged: bool
    at_s: float | None = None


def plain_lines(report: QualityReport, duration_s: float) -> tuple[PlainLine, ...]:
    """What to look at first, then all good stems in one line."""
    odd = [_of_stem(stem, report, duration_s) for stem in report.stems if stem.findings]
    odd += [
        PlainLine(track_label(parts.parent), translated(parts.reason), is_flagged=True)
        for parts in report.details
        if parts.is_flagged
    ]
    good = [track_label(stem.name) for stem in report.stems if not stem.findings]
    if not good:
        return tuple(odd)
    return (*odd, PlainLine(", ".join(good), _("Good: no fault found."), is_flagged=False))


def short_words(report: QualityReport) -> str:
    """For the head of the page."""
    names = [stem.name for stem in report.stems if stem.findings]
    names += [parts.parent for parts in report.details if parts.is_flagged]
    if names:
        stems = ", ".join(track_label(name) for name in dict.fromkeys(names))
        return _("look at %(stems)s") % {"stems": stems}
    return _("the stems do not add up to the song") if report.findings else _("good")


def _of_stem(stem: StemQuality, report: QualityReport, duration_s: float) -> PlainLine:
    others = {each.name: each for each in report.stems if each.name != stem.name}
    words = " ".join(_words(finding, list(others)) for finding in stem.findings)
    at_s = _place(stem, others.get, list(others), duration_s)
    return PlainLine(track_label(stem.name), words, is_flagged=True, at_s=at_s)


def _words(finding: Finding, others: Sequence[str]) -> str:
    other = _other_in(finding, others)
    if finding.code == "bleed" and other:
        return _("Some bleed from %(stem)s.") % {"stem": spoken_name(other)}
    if finding.code == "same_sound" and other:
        return _("Nearly the same sound as %(stem)s.") % {"stem": spoken_name(other)}
    return str(WORDS.get(finding.code) or translated(finding.title))


def _other_in(finding: Finding, others: Sequence[str]) -> str:
    """The other stem that the finding names; empty if none."""
    return next((name for name in others if spoken_name(name) in finding.title.lower()), "")


def _place(
    stem: StemQuality,
    find: Callable[[str], StemQuality | None],
    others: Sequence[str],
    duration_s: float,
) -> float | None:
    """Where the stem is loudest; for a fault between two stems, where both are."""
    findings = [each for each in stem.findings if each.code not in _EVERYWHERE]
    if not findings or not stem.levels_db:
        return None
    levels: Sequence[int] = stem.levels_db
    other = find(_other_in(findings[0], others))
    if other is not None:
        levels = [min(pair) for pair in zip(stem.levels_db, other.levels_db, strict=False)]
    loudest = max(range(len(levels)), key=lambda n: levels[n])
    return round(loudest * duration_s / len(levels), 1)
