"""The figures of an evaluation: their names, and how figures of songs are combined."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, median

from separation.errors import InvalidOptions

Figures = Mapping[str, float | None]
"""Decibels by the key of a figure; None where it is undefined, as for a silent stem."""


@dataclass(frozen=True)
class EvaluationMetric:
    """``key``: its name in JSON. ``choice``: its name on the command line. ``label``: its name for
    people. ``over_songs``: how publications combine the figures of songs."""

    key: str
    choice: str
    label: str
    over_songs: str


FIGURES = (
    EvaluationMetric("sdr", "sdr", "SDR, whole song (MDX)", "mean"),
    EvaluationMetric("si_sdr", "si_sdr", "SI-SDR", "mean"),
    EvaluationMetric("bss_sdr", "bss_sdr", "SDR, BSS Eval v4", "median"),
    EvaluationMetric("bss_isr", "bss_eval", "ISR, BSS Eval v4", "median"),
    EvaluationMetric("bss_sir", "bss_eval", "SIR, BSS Eval v4", "median"),
    EvaluationMetric("bss_sar", "bss_eval", "SAR, BSS Eval v4", "median"),
)
CHOICES = tuple(dict.fromkeys(figure.choice for figure in FIGURES))
QUICK = ("sdr", "si_sdr", "bss_sdr")
"""For a song of three minutes and four stems these take 4 s of one core. The filters of BSS Eval,
which its SDR does not need, take 30 s and 300 MB more."""

_OVER_SONGS: dict[str, Callable[[Iterable[float]], float]] = {"mean": fmean, "median": median}


def chosen_figures(choices: Iterable[str]) -> tuple[EvaluationMetric, ...]:
    """The figures for choices, in the order of :data:`FIGURES`; ``bss_eval`` means all four of BSS
    Eval. Raises ``InvalidOptions``."""
    names = set(choices)
    if unknown := sorted(names - set(CHOICES)):
        raise InvalidOptions(f"There is no metric {unknown[0]!r}. There are: {', '.join(CHOICES)}.")
    if not names:
        raise InvalidOptions(f"Choose at least one metric: {', '.join(CHOICES)}.")
    if "bss_eval" in names:
        names.add("bss_sdr")
    return tuple(figure for figure in FIGURES if figure.choice in names)


def difference(figure: float | None, other: float | None) -> float | None:
    """``figure - other``; None where either is unknown, or both are infinite."""
    if figure is None or other is None:
        return None
    result = figure - other
    return None if math.isnan(result) else result


def over_songs(figure: EvaluationMetric, values: Iterable[float | None]) -> float | None:
    """One figure for several songs; songs without a figure are left out."""
    known = [value for value in values if value is not None]
    return _OVER_SONGS[figure.over_songs](known) if known else None
