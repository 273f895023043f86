"""Rules that derive faults of stems from the measurements.

True stems stay far from all limits. Each limit was tested with real and synthesised songs
(docs/quality.md has the figures). A limit without a named source is the project's own choice.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from separation.quality.report import Code
from separation.quality.sums import Sums
from separation.quality.timing import Timing

EMPTY_BELOW_LU = 30.0
"""A stem this much quieter than the song, both gated, is nearly empty. The gate of BS.1770 leaves
out pauses, so a second of singing counts by its own loudness."""

EMPTY_BELOW_DB = 40.0
"""The same by RMS, for a song that is too short for a loudness (400 ms)."""

CLIPPED_SHARE = 1e-5
"""One sample in a hundred thousand: half a dozen flat tops in a minute. Sound without clipping has
none."""

WHOLE_SONG_REST = 0.01
"""A stem may be the song itself if the song minus the stem has less than this share of the song's
energy (-20 dB)."""

WHOLE_SONG_RATIO = 0.1
"""It is the song if that energy is also 10 dB below the energy of the other stems. A true stem may
be nearly the whole song, but then both energies are equal."""

SAME_SOUND = 0.95
"""Correlation of two stems' samples. True stems of one song stay below 0.1."""

BLEED = 0.35
"""The same correlation for a stem that contains another one: it shares an eighth of its energy,
-9 dB."""

MOVES_TOGETHER = 0.6
"""Correlation of band envelopes that the report mentions. It is no fault, as instruments play
together. True stems reach 0.4."""

INVERTED_GAIN = -0.75
"""Limit of the best gain, which is 1 for a right stem and -1 for an inverted one."""

INVERTED_SHARE = 0.8
"""Share of the residual's energy that must vanish when the stem's polarity is inverted."""

LATE_MS = 0.5
"""Shorter delays are inaudible, and may result from the time grid of the search."""

LATE_LIKENESS = 0.25
"""Least correlation, at the best delay, of a stem and the song minus the other stems. It is less
than 1 if stems are missing, as their sound is part of the difference."""

LATE_SHARE = 0.5
"""Least share of the stem's energy that must fit at the best delay."""

LATE_MARGIN = 0.05
"""Share of its energy by which a stem must fit better at the best delay than without delay."""

LATE_CHANCE = 0.1
"""Addition to this margin for sound of other stems: the correlation that music reaches by chance at
some delay."""

MISFIT_SHARE = 0.05
"""Least share of the residual's energy that a stem's gain must explain before the stem is blamed.
By chance this share is the square of a correlation of true stems: less than 0.01."""

GAIN_TOLERANCE = 0.25
"""Greatest distance of the best gain from 1, 2 dB: separators change levels by less."""

HOLDER = 0.7
"""A stem that seems too loud has no fault if another stem contains this share of the excess."""

FOREIGN_GAIN = 0.25
"""With a best gain below this, near 0, the stem's sound is not in the song at that time."""

RESIDUAL_DB = -15.0
"""Level of the residual against the song that is a fault: a thirtieth of its energy. Networks whose
stems do not sum to the song by design leave less."""

SUMS_EXACTLY_DB = -90.0
"""Below this level the sum counts as exact, as sound of 16 bits has nothing below it."""


@dataclass(frozen=True)
class Fault:
    """A fault of a stem; ``other``: the other stem that it involves; ``value``: a delay in ms, a
    gain, or a correlation."""

    code: Code
    value: float = 0.0
    other: int | None = None


def sum_faults(sums: Sums, timings: Sequence[Timing], empty: Sequence[bool]) -> list[list[Fault]]:
    """Return the faults of each stem that a comparison with the song and the other stems shows.
    Stems that are ``empty`` have none."""
    judge = _Judge(sums, timings, [place for place, is_empty in enumerate(empty) if not is_empty])
    judge.whole_songs()
    judge.same_sounds()
    judge.shifted()
    judge.misfits()
    judge.bleeding()
    return judge.faults


class _Judge:
    """Finds faults, and leaves out stems with a fault when it compares the others with the song:
    the sound that a faulty stem lacks would otherwise be blamed on other stems."""

    def __init__(self, sums: Sums, timings: Sequence[Timing], audible: list[int]) -> None:
        self._sums = sums
        self._timings = timings
        self._audible = audible
        self._wrong: list[int] = []
        self.faults: list[list[Fault]] = [[] for _ in timings]

    @property
    def _right(self) -> list[int]:
        return [place for place in self._audible if place not in self._wrong]

    def _blame(self, stem: int, fault: Fault) -> None:
        self.faults[stem].append(fault)
        if stem not in self._wrong:
            self._wrong.append(stem)

    def whole_songs(self) -> None:
        song = self._sums.song_energy
        for stem in sorted(self._audible, key=self._sums.song_without):
            without = self._sums.song_without(stem)
            others = self._sums.others_energy(stem, self._wrong)
            if without < WHOLE_SONG_REST * song and without < WHOLE_SONG_RATIO * others:
                self._blame(stem, Fault("whole_song"))

    def same_sounds(self) -> None:
        alike = [
            (stem, other)
            for stem in self._right
            for other in self._right
            if stem != other and abs(self._sums.likeness(stem, other)) >= SAME_SOUND
        ]
        for stem, other in alike:
            if not self.faults[stem]:
                self._blame(stem, Fault("same_sound", other=other))

    def shifted(self) -> None:
        fits = self._sums.fit(self._right, self._wrong)
        for stem, (gain, share) in fits.items():
            timing = self._timings[stem]
            inverted = gain <= INVERTED_GAIN and share >= INVERTED_SHARE
            # A bass resembles its inversion half a period later.
            if inverted and timing.fit_at_delay < -gain:
                self._blame(stem, Fault("inverted", gain))
            elif _is_shifted(timing):
                code: Code = "late" if timing.delay_ms > 0 else "early"
                self._blame(stem, Fault(code, abs(timing.delay_ms)))

    def misfits(self) -> None:
        """Blame the stem with the largest share first, then repeat without it."""
        while True:
            fits = self._sums.fit(self._right, self._wrong)
            misfits = {
                stem: fit
                for stem, fit in fits.items()
                if fit.share >= MISFIT_SHARE and abs(fit.gain - 1) >= GAIN_TOLERANCE
            }
            if not misfits:
                return
            stem = max(misfits, key=lambda each: misfits[each].share)
            self._misfit(stem, misfits[stem].gain)

    def _misfit(self, stem: int, gain: float) -> None:
        holder = self._holder(stem, 1 - gain)
        if holder is not None:
            self._blame(holder, Fault("bleed", self._sums.likeness(holder, stem), stem))
        elif gain < FOREIGN_GAIN:
            self._blame(stem, Fault("not_in_the_song", gain))
        else:
            self._blame(stem, Fault("too_loud" if gain < 1 else "too_quiet", gain))

    def _holder(self, stem: int, excess: float) -> int | None:
        """Return the other stem that contains the excess of this one."""
        others = [other for other in self._right if other != stem]
        if excess <= 0 or not others:
            return None
        most = max(others, key=lambda other: self._sums.holds(other, stem))
        return most if self._sums.holds(most, stem) >= HOLDER * excess else None

    def bleeding(self) -> None:
        """Blame the quieter of two stems that share sound although the sum is right: the bleed is
        audible in the quieter one."""
        for stem in sorted(self._right, key=self._sums.energy):
            others = [other for other in self._right if other != stem]
            shared = {other: self._sums.likeness(stem, other) for other in others}
            most = max(others, key=lambda other: abs(shared[other]), default=stem)
            if most != stem and abs(shared[most]) >= BLEED:
                self._blame(stem, Fault("bleed", shared[most], most))


def _is_shifted(timing: Timing) -> bool:
    if abs(timing.delay_ms) < LATE_MS or timing.likeness < LATE_LIKENESS:
        return False
    foreign = math.sqrt(max(1 / timing.likeness**2 - 1, 0.0))
    margin = LATE_MARGIN + LATE_CHANCE * foreign
    improvement = timing.fit_at_delay - timing.fit_undelayed
    return timing.fit_at_delay >= LATE_SHARE and improvement >= margin
