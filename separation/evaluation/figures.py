"""The figures that a suite can be measured by: their names, and how they are put together."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, median

from separation.errors import InvalidOptions

Figures = Mapping[str, float | None]
"""Decibels by the key of a figure; None where it is undefined, as for a silent stem."""


@dataclass(frozen=True)
class Figure:
    """``key``: in JSON. ``choice``: what it is asked for by. ``label``: as people read it.
    ``over_songs``: how the figures of songs become one, as publications do it."""

    key: str
    choice: str
    label: str
    over_songs: str


FIGURES = (
    Figure("sdr", "sdr", "SDR, whole song (MDX)", "mean"),
    Figure("si_sdr", "si_sdr", "SI-SDR", "mean"),
    Figure("bss_sdr", "bss_sdr", "SDR, BSS Eval v4", "median"),
    Figure("bss_isr", "bss_eval", "ISR, BSS Eval v4", "median"),
    Figure("bss_sir", "bss_eval", "SIR, BSS Eval v4", "median"),
    Figure("bss_sar", "bss_eval", "SAR, BSS Eval v4", "median"),
)
CHOICES = tuple(dict.fromkeys(figure.choice for figure in FIGURES))
QUICK = ("sdr", "si_sdr", "bss_sdr")
"""For a song of three minutes and four stems these take 4 s of one core; the filters of BSS Eval,
which its SDR does without, take 30 s and 300 MB more."""

_OVER_SONGS: dict[str, Callable[[Iterable[float]], float]] = {"mean": fmean, "median": median}


def chosen_figures(choices: Iterable[str]) -> tuple[Figure, ...]:
    """The figures behind choices, in the order of :data:`FIGURES`; ``bss_eval`` is all four of
    BSS Eval. Raises ``InvalidOptions``."""
    asked = set(choices)
    if unknown := sorted(asked - set(CHOICES)):
        raise InvalidOptions(f"There is no metric {unknown[0]!r}. There are: {', '.join(CHOICES)}.")
    if not asked:
        raise InvalidOptions(f"Choose at least one metric: {', '.join(CHOICES)}.")
    if "bss_eval" in asked:
        asked.add("bss_sdr")
    return tuple(figure for figure in FIGURES if figure.choice in asked)


def difference(figure: float | None, other: float | None) -> float | None:
    """``figure - other``; None where either is unknown, or both are infinite."""
    if figure is None or other is None:
        return None
    gained = figure - other
    return None if math.isnan(gained) else gained


def over_songs(figure: Figure, values: Iterable[float | None]) -> float | None:
    """One figure for several songs; those without one are left out."""
    known = [value for value in values if value is not None]
    return _OVER_SONGS[figure.over_songs](known) if known else None
