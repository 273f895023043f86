"""Names and explanations of the faults of a stem, for people."""

import math
from collections.abc import Mapping, Sequence

from separation.quality.report import Finding
from separation.quality.rules import Fault

CLEAN = "No fault found"
SILENT = "Silent"

_RARE = 0.9
"""Share of silence from which the reason states the share of sound."""

_SENTENCES: Mapping[str, tuple[str, str]] = {
    "whole_song": (
        "The whole song",
        "It holds the song itself, all other stems included: nothing was taken out.",
    ),
    "same_sound": (
        "Same sound as {other}",
        "It and {other} are the same, so one of them holds what the other should.",
    ),
    "inverted": (
        "Upside down",
        "Its polarity is the opposite of the song's: mixed with the other stems it cancels "
        "instead of adding.",
    ),
    "late": (
        "{ms} late",
        "It fits into the song when it is moved {ms} earlier.",
    ),
    "early": (
        "{ms} early",
        "It fits into the song when it is moved {ms} later.",
    ),
    "too_loud": (
        "Too loud",
        "It is louder than in the song: it would fit in {db} lower.",
    ),
    "too_quiet": (
        "Too quiet",
        "It is quieter than in the song: it would fit in {db} higher.",
    ),
    "not_in_the_song": (
        "Not in the song",
        "What it holds is not in the song at that time.",
    ),
    "bleed": (
        "Bleed from {other}",
        "It shares {share} of its energy with {other}, which can be heard in it.",
    ),
}

TITLES = (*(title for title, _ in _SENTENCES.values()), "Nearly empty", "Empty", "Clipped",
          "The stems do not sum to the song")  # fmt: skip
"""The titles of all findings; fields of ``str.format`` stand for values."""


def finding(fault: Fault, stem: str, names: Sequence[str]) -> Finding:
    """Return the finding for a fault of ``stem``; ``names``: those of all stems, in their order."""
    other = _spoken(names[fault.other]) if fault.other is not None else ""
    title, detail = _SENTENCES[fault.code]
    values = {"stem": _spoken(stem), "other": other, **_numbers(fault.value)}
    return Finding(code=fault.code, title=title.format(**values), detail=detail.format(**values))


def empty(stem: str, quieter: str) -> Finding:
    """Return the finding for an empty stem; ``quieter``: its distance from the song's level, with
    the unit; an empty text if it is silent."""
    named = stem != "other" and not stem.startswith("no_")
    missing = f"no {_spoken(stem)}" if named else "nothing else"
    level = f"It is {quieter} quieter than the song" if quieter else "There is nothing in it"
    return Finding(
        code="empty",
        title="Nearly empty" if quieter else "Empty",
        detail=f"{level}: the song may have {missing}.",
    )


def clipped(samples: int, share: float) -> Finding:
    return Finding(
        code="clipped",
        title="Clipped",
        detail=f"Its loudest moments are cut off flat: {samples:,} samples, "
        f"{percent(share)} of all. That is heard as a crackle.",
    )


def residual(relative_db: float) -> Finding:
    share = percent(10 ** (relative_db / 10))
    return Finding(
        code="residual",
        title="The stems do not sum to the song",
        detail="What they lack of it, or have too much, is "
        f"{decibels(-relative_db)} below the song: {share} of its energy.",
    )


def clean_reason(*, silence_share: float, moves_with: tuple[str, float] | None) -> str:
    """Return the reason of a stem without findings; ``moves_with``: another stem that it strongly
    correlates with, and the correlation."""
    reason = "In time, at its level in the song and not clipped."
    if silence_share >= _RARE:
        sounds = f"It sounds in {percent(1 - silence_share)} of the time."
        reason = f"{reason} {sounds}"
    if moves_with is not None:
        other, correlation = moves_with
        moves = f"It rises and falls with {_spoken(other)} ({correlation:.2f}): listen for bleed."
        reason = f"{reason} {moves}"
    return reason


def overall(flagged: Sequence[str], stems: int, others: Sequence[Finding]) -> tuple[str, str]:
    """Return verdict and reason of the whole separation; ``flagged``: names of stems with
    findings."""
    if not flagged and not others:
        return CLEAN, "Only your ears can tell whether a stem holds the right instrument."
    reasons = [f"{each.title}. {each.detail}" if flagged else each.detail for each in others]
    if not flagged:
        return others[0].title, " ".join(reasons)
    named = _listed([_spoken(name) for name in flagged]).capitalize()
    reason = f"{named}: the reason is given there." if len(flagged) < stems else "Each says why."
    return f"{len(flagged)} of {stems} stems should be looked at", " ".join([reason, *reasons])


def _listed(names: Sequence[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last


def percent(share: float) -> str:
    """Format a share as "12 %", "0.37 %" or "less than 0.01 %"."""
    value = 100 * share
    if value >= 10:
        return f"{value:.0f} %"
    if value >= 1:
        return f"{value:.1f} %"
    return f"{value:.2f} %" if value >= 0.01 else "less than 0.01 %"


def decibels(value: float) -> str:
    return f"{value:.1f} dB"


def _spoken(stem: str) -> str:
    return stem.replace("_", " ")


def _numbers(value: float) -> dict[str, str]:
    gain_db = 20 * math.log10(abs(value)) if value else 0.0
    return {
        "ms": f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms",
        "db": decibels(abs(gain_db)),
        "share": percent(value * value),
    }
