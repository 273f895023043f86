"""Derives the report from the measurements."""

import math
from collections.abc import Mapping, Sequence

from separation.audio.metering.loudness import Levels
from separation.quality import explanations
from separation.quality.measurement import Survey
from separation.quality.report import Finding, QualityReport, SignalQuality, StemQuality
from separation.quality.rules import (
    CLIPPED_SHARE,
    EMPTY_BELOW_DB,
    EMPTY_BELOW_LU,
    MOVES_TOGETHER,
    RESIDUAL_DB,
    Fault,
    sum_faults,
)


def judge(
    survey: Survey,
    names: Sequence[str],
    levels: Mapping[str, Levels],
    song: Levels,
    *,
    complete: bool,
) -> QualityReport:
    """Return the report on stems ``names``, in the order of the survey, with their ``levels``.

    ``complete``: they are all stems of the model, so their sum should be the song.
    """
    report = _Judgement(survey, names, levels, song, complete=complete)
    return report.report()


class _Judgement:
    def __init__(
        self,
        survey: Survey,
        names: Sequence[str],
        levels: Mapping[str, Levels],
        song: Levels,
        *,
        complete: bool,
    ) -> None:
        self._survey = survey
        self._names = list(names)
        self._levels = levels
        self._song = song
        self._complete = complete
        self._song_energy = survey.sums.song_energy
        self._fits = survey.sums.fit(range(len(self._names)))

    def report(self) -> QualityReport:
        stems = self._stems()
        residual_db = self._relative_db(self._survey.sums.residual_energy)
        flagged = [stem.name for stem in stems if stem.findings]
        findings = self._overall_findings(residual_db)
        verdict, reason = explanations.overall(flagged, len(stems), findings)
        return QualityReport(
            complete=self._complete,
            residual_db=residual_db,
            song=self._signal(0, self._song),
            stems=stems,
            findings=findings,
            verdict=verdict,
            reason=reason,
        )

    def _overall_findings(self, residual_db: float | None) -> tuple[Finding, ...]:
        if not self._complete or residual_db is None or residual_db < RESIDUAL_DB:
            return ()
        return (explanations.residual(residual_db),)

    def _stems(self) -> tuple[StemQuality, ...]:
        empty = [self._empty(place) for place in range(len(self._names))]
        faults = sum_faults(
            self._survey.sums, self._survey.timings, [each is not None for each in empty]
        )
        return tuple(
            self._stem(place, empty[place], faults[place]) for place in range(len(self._names))
        )

    def _stem(self, place: int, empty: Finding | None, faults: list[Fault]) -> StemQuality:
        name = self._names[place]
        findings = (
            [empty] if empty else [explanations.finding(each, name, self._names) for each in faults]
        )
        flat = self._survey.flat_tops[place + 1]
        if not empty and flat.share >= CLIPPED_SHARE:
            findings.append(explanations.clipped(flat.count, flat.share))
        signal = self._signal(place + 1, self._levels[name])
        bleed = self._bleed(place)
        verdict, reason = self._verdict(findings, signal.silence_share, bleed)
        return StemQuality(
            **dict(signal),
            name=name,
            relative_db=self._relative_db(self._survey.sums.energy(place)),
            fit_gain=round(self._fits[place].gain, 3),
            delay_ms=round(self._survey.timings[place].delay_ms, 1),
            bleed=bleed,
            findings=tuple(findings),
            verdict=verdict,
            reason=reason,
        )

    def _verdict(
        self, findings: list[Finding], silence_share: float, bleed: dict[str, float]
    ) -> tuple[str, str]:
        if findings:
            return (
                ", ".join(each.title for each in findings),
                " ".join(each.detail for each in findings),
            )
        if self._song_energy <= 0:
            return explanations.SILENT, "The song is silent."
        return explanations.CLEAN, explanations.clean_reason(
            silence_share=silence_share, moves_with=_remarkable(bleed)
        )

    def _empty(self, place: int) -> Finding | None:
        if self._song_energy <= 0:
            return None
        name = self._names[place]
        relative_db = self._relative_db(self._survey.sums.energy(place))
        if relative_db is None:
            return explanations.empty(name, "")
        own, whole = self._levels[name].loudness_lufs, self._song.loudness_lufs
        if whole is None:
            nearly = relative_db <= -EMPTY_BELOW_DB
            return explanations.empty(name, explanations.decibels(-relative_db)) if nearly else None
        if own is None:
            # The whole stem is below the gate of -70 LUFS.
            return explanations.empty(name, explanations.decibels(-relative_db))
        if whole - own >= EMPTY_BELOW_LU:
            return explanations.empty(name, f"{whole - own:.0f} LU")
        return None

    def _bleed(self, place: int) -> dict[str, float]:
        return {
            other: round(float(self._survey.together[place, position]), 3)
            for position, other in enumerate(self._names)
            if position != place
        }

    def _signal(self, place: int, levels: Levels) -> SignalQuality:
        spectrum, flat = self._survey.spectra[place], self._survey.flat_tops[place]
        return SignalQuality(
            loudness_lufs=_rounded(levels.loudness_lufs, 2),
            true_peak_dbtp=_rounded(levels.true_peak_dbtp, 2),
            clipped_samples=flat.count,
            clipped_share=round(flat.share, 7),
            silence_share=round(spectrum.silence_share, 4),
            entropy=_rounded(spectrum.entropy, 4),
            flatness=_rounded(spectrum.flatness, 6),
            levels_db=spectrum.levels_db(),
            bands_db=spectrum.bands_db(),
        )

    def _relative_db(self, energy: float) -> float | None:
        if energy <= 0 or self._song_energy <= 0:
            return None
        return round(10 * math.log10(energy / self._song_energy), 2)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _remarkable(bleed: dict[str, float]) -> tuple[str, float] | None:
    most = max(bleed, key=lambda other: bleed[other], default=None)
    return (most, bleed[most]) if most is not None and bleed[most] >= MOVES_TOGETHER else None
