"""What the faults of a stem are called, and why they were found."""

import math
from collections.abc import Mapping, Sequence

from separation.quality.report import Finding
from separation.quality.rules import Fault

CLEAN = "No fault found"
SILENT = "Silent"


_SAID: Mapping[str, tuple[str, str]] = {
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


def finding(fault: Fault, stem: str, names: Sequence[str]) -> Finding:
    """``names``: of all stems, in their order."""
    other = _spoken(names[fault.other]) if fault.other is not None else ""
    title, detail = _SAID[fault.code]
    values = {"stem": _spoken(stem), "other": other, **_numbers(fault.value)}
    return Finding(code=fault.code, title=title.format(**values), detail=detail.format(**values))


def empty(stem: str, quieter: str) -> Finding:
    """``quieter``: how much quieter than the song it is, with the unit; empty where it is
    silent."""
    name = _spoken(stem)
    level = f"It is {quieter} quieter than the song" if quieter else "There is nothing in it"
    return Finding(
        code="empty",
        title="Nearly empty" if quieter else "Empty",
        detail=f"{level}: the song may have no {name}.",
    )


def clipped(samples: int, share: float) -> Finding:
    return Finding(
        code="clipped",
        title="Clipped",
        detail=f"Its loudest moments are cut off flat: {samples} samples, {percent(share)} of all. "
        "That is heard as a crackle.",
    )


def residual(relative_db: float) -> Finding:
    share = percent(10 ** (relative_db / 10))
    return Finding(
        code="residual",
        title="The stems do not sum to the song",
        detail="What they lack of it, or have too much, is "
        f"{decibels(-relative_db)} below the song: {share} of its energy.",
    )


def clean_reason(*, silence_share: float, complete: bool) -> str:
    fits = "In time and at its level in the song, not clipped, and little of other stems in it."
    alone = "Not clipped, and it fits into the song in time and level."
    rare = f" It sounds in {percent(1 - silence_share)} of the time."
    return (fits if complete else alone) + (rare if silence_share >= 0.9 else "")


def overall(flagged: Sequence[str], stems: int, others: Sequence[Finding]) -> tuple[str, str]:
    """Verdict and reason of the whole separation; ``flagged``: names of stems with a finding."""
    if not flagged and not others:
        return CLEAN, (
            "That the stems hold the right instruments can only be heard: listen to them."
        )
    said = [each.title for each in others]
    if flagged:
        count = "One stem" if len(flagged) == 1 else f"{len(flagged)} stems"
        said.insert(
            0, f"{count} of {stems} should be looked at: {', '.join(map(_spoken, flagged))}"
        )
    reason = " ".join(each.detail for each in others)
    return ". ".join(said), reason or "Why is said beside each."


def percent(share: float) -> str:
    """ "12 %", "0.37 %", "less than 0.01 %"."""
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
