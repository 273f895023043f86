"""Which measurements mean that a stem is wrong.

The limits were set so that true stems stay far from them, and each was tried with real and
synthesised songs (docs/quality.md has the figures). Where no source is named they are our own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from separation.quality.report import Code
from separation.quality.sums import Sums
from separation.quality.timing import Timing

EMPTY_BELOW_LU = 30.0
"""A stem this much quieter than the song, both gated, is nearly empty: a second of singing counts
by its own loudness, as the gate of BS.1770 leaves the pauses out."""

EMPTY_BELOW_DB = 40.0
"""The same by RMS, where the song is too short for a loudness (400 ms)."""

CLIPPED_SHARE = 1e-5
"""One sample in a hundred thousand: half a dozen flat tops in a minute. Sound that was not cut off
has none at all."""

WHOLE_SONG_REST = 0.01
"""A stem may be the song itself when the song without it has less than this share of its energy
(-20 dB)."""

WHOLE_SONG_RATIO = 0.1
"""It is, when that is also 10 dB less than the other stems have; of a true stem, which may well be
nearly all of a song, the two are the same."""

SAME_SOUND = 0.95
"""Correlation of two stems' samples. True stems of one song stay below 0.1."""

BLEED = 0.35
"""The same, for a stem that holds another one: an eighth of its energy, -9 dB, is then shared."""

MOVES_TOGETHER = 0.6
"""Correlation of band envelopes that is worth a word, though it is no fault: instruments do play
together. True stems reach 0.4."""

INVERTED_GAIN = -0.75
"""Best gain, 1 for a right stem and -1 for one that is upside down."""

INVERTED_SHARE = 0.8
"""How much of what the stems lack of the song is then gone by turning the stem around."""

LATE_MS = 0.5
"""Shorter delays cannot be heard, and come of the grid that they are looked for on."""

LATE_LIKENESS = 0.25
"""How like what the others leave of the song a stem must be, where it is said to belong. It is
less than 1 where stems are missing, and their sound is taken for it."""

LATE_SHARE = 0.5
"""How much of its energy must be found there."""

LATE_MARGIN = 0.05
"""By how much of its energy a stem must fit better there than where it is."""

LATE_CHANCE = 0.1
"""What is added to that for the sound that is not of the stem: the correlation that music has by
chance, at some delay or other."""

MISFIT_SHARE = 0.05
"""A stem is blamed for what the stems lack of the song only when its gain matters this much to it.
By chance it is the square of a correlation of true stems: less than 0.01."""

GAIN_TOLERANCE = 0.25
"""How far from 1 the best gain may be, 2 dB: what separators do to levels is less."""

HOLDER = 0.7
"""A stem that seems too loud is not, when another one holds this much of what is too much."""

FOREIGN_GAIN = 0.25
"""With a best gain below, 0 or nearly so, what the stem holds is not in the song there."""

RESIDUAL_DB = -15.0
"""What all stems together lack of the song, or have too much, against it: a thirtieth of its
energy. Networks that do not sum to the song by design leave less."""

SUMS_EXACTLY_DB = -90.0
"""Nothing of 16 bits lies lower."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a stem; ``other``: the stem that it has to do with; ``value``: a delay in
    ms, a gain, or a correlation."""

    code: Code
    value: float = 0.0
    other: int | None = None


def sum_faults(sums: Sums, timings: Sequence[Timing], empty: Sequence[bool]) -> list[list[Fault]]:
    """The faults of each stem that show when it is held against the song and the others. Stems
    that are ``empty`` have none."""
    judge = _Judge(sums, timings, [place for place, is_empty in enumerate(empty) if not is_empty])
    judge.whole_songs()
    judge.same_sounds()
    judge.shifted()
    judge.misfits()
    judge.bleeding()
    return judge.faults


class _Judge:
    """Stems with a fault are left out when the others are held against the song: what they should
    have been is missing there, and would be blamed on others."""

    def __init__(self, sums: Sums, timings: Sequence[Timing], heard: list[int]) -> None:
        self._sums = sums
        self._timings = timings
        self._heard = heard
        self._wrong: list[int] = []
        self.faults: list[list[Fault]] = [[] for _ in timings]

    @property
    def _right(self) -> list[int]:
        return [place for place in self._heard if place not in self._wrong]

    def _blame(self, stem: int, fault: Fault) -> None:
        self.faults[stem].append(fault)
        if stem not in self._wrong:
            self._wrong.append(stem)

    def whole_songs(self) -> None:
        song = self._sums.song_energy
        for stem in sorted(self._heard, key=self._sums.song_without):
            rest = self._sums.song_without(stem)
            others = self._sums.others_energy(stem, self._wrong)
            if rest < WHOLE_SONG_REST * song and rest < WHOLE_SONG_RATIO * others:
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
            turned = gain <= INVERTED_GAIN and share >= INVERTED_SHARE
            # A bass is like itself upside down half a period later.
            if turned and timing.there < -gain:
                self._blame(stem, Fault("inverted", gain))
            elif _is_shifted(timing):
                code: Code = "late" if timing.delay_ms > 0 else "early"
                self._blame(stem, Fault(code, abs(timing.delay_ms)))

    def misfits(self) -> None:
        """What matters most first, then the rest without it."""
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

    def _holder(self, stem: int, too_much: float) -> int | None:
        """The other stem that holds what this one has too much of."""
        others = [other for other in self._right if other != stem]
        if too_much <= 0 or not others:
            return None
        most = max(others, key=lambda other: self._sums.holds(other, stem))
        return most if self._sums.holds(most, stem) >= HOLDER * too_much else None

    def bleeding(self) -> None:
        """Of two that share something though the sum is right, the quieter one is said to hold the
        louder: there it is heard."""
        for stem in sorted(self._right, key=self._sums.energy):
            others = [other for other in self._right if other != stem]
            shared = {other: self._sums.likeness(stem, other) for other in others}
            most = max(others, key=lambda other: abs(shared[other]), default=stem)
            if most != stem and abs(shared[most]) >= BLEED:
                self._blame(stem, Fault("bleed", shared[most], most))


def _is_shifted(timing: Timing) -> bool:
    if abs(timing.delay_ms) < LATE_MS or timing.likeness < LATE_LIKENESS:
        return False
    strange = math.sqrt(max(1 / timing.likeness**2 - 1, 0.0))
    margin = LATE_MARGIN + LATE_CHANCE * strange
    return timing.there >= LATE_SHARE and timing.there - timing.here >= margin
