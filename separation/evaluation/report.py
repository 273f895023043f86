"""The results of an evaluation, and their JSON document."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

from separation.engine.host import HostReport
from separation.evaluation.bss_eval import TAPS, WINDOW
from separation.evaluation.figures import EvaluationMetric, difference, over_songs
from separation.evaluation.ideal_mask import EXPONENT
from separation.evaluation.measuring import ESTIMATES, StemResult
from separation.evaluation.whole_song import MDX_DELTA
from separation.separators.spectral.transform import HOP
from separation.separators.spectral.transform import WINDOW as STFT_WINDOW

SCHEMA_VERSION = 1

CONVENTIONS = {
    "sdr": "10 log10((sum s^2 + delta) / (sum (s - e)^2 + delta)) over the whole song and both "
    f"channels, delta {MDX_DELTA:g}, as the Music Demixing Challenges (MDX, SDX) count it",
    "si_sdr": "10 log10(|a s|^2 / |a s - e|^2) with a = <e, s> / |s|^2, over the whole song, both "
    "channels as one vector, no mean removed (Le Roux et al. 2019)",
    "bss_eval": "BSS Eval v4 as museval 0.4.1 computes it: the median over frames of "
    f"{WINDOW / 44_100:g} s, filters of {TAPS} taps over the whole song",
    "nothing": "the mixture itself, taken for each stem",
    "ideal": f"the ideal ratio mask: shares of |STFT|^{EXPONENT} of the true stems, each channel "
    f"by itself; STFT of {STFT_WINDOW} samples, hop {HOP}, root of a Hann window twice",
    "gain": "separated minus nothing, song by song",
    "silent": "a true stem without energy above delta has no figures and is in no mean",
    "over_songs": "mean of SDR and SI-SDR, median of BSS Eval; over stems always the mean",
}


@dataclass(frozen=True)
class Identity:
    """What separated the songs, as in :class:`separation.base.SeparatorIdentity`. ``asked_for``:
    the requested separator, such as ``auto``."""

    asked_for: str
    separator: str
    model: str
    version: str
    weights_digest: str
    engine: str
    precision: str
    device: str
    seed: int | None = None
    source_digest: str | None = None
    members: tuple[dict[str, Any], ...] = ()

    @property
    def label(self) -> str:
        """Its name for people: ``demucs htdemucs``, ``spectral``, ``spectral (by auto)``."""
        name = self.separator
        if self.model not in ("", self.separator):
            name += f" {self.model}"
        return name if self.asked_for == self.separator else f"{name} (by {self.asked_for})"


@dataclass(frozen=True)
class SongResult:
    """``digest``: of the song's files. ``separation_s``: the time of the separator alone, with its
    model loaded. ``job_s``: the time of the whole job, with decoding, loading and writing."""

    song: str
    duration_s: float
    digest: str
    stems: tuple[StemResult, ...]
    separation_s: float
    job_s: float
    notes: tuple[str, ...] = ()

    @property
    def times_real_time(self) -> float:
        return self.duration_s / self.separation_s if self.separation_s > 0 else 0.0


@dataclass(frozen=True)
class FailedSong:
    """A song without figures, with the code and the sentence of its error."""

    song: str
    code: str
    detail: str


@dataclass(frozen=True)
class EvaluationRun:
    """One separator on all songs. ``peak_memory_bytes``: the highest resident memory of the process
    that separates; 0 where the system does not report it."""

    identity: Identity
    songs: tuple[SongResult, ...]
    failed: tuple[FailedSong, ...] = ()
    peak_memory_bytes: int = 0

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """Every stem that was compared in some song, in the order of the song with most stems."""
        fullest_first = sorted(self.songs, key=lambda song: -len(song.stems))
        return tuple(dict.fromkeys(stem.stem for song in fullest_first for stem in song.stems))

    @property
    def audio_s(self) -> float:
        return sum(song.duration_s for song in self.songs)

    @property
    def separation_s(self) -> float:
        return sum(song.separation_s for song in self.songs)

    @property
    def job_s(self) -> float:
        return sum(song.job_s for song in self.songs)

    @property
    def times_real_time(self) -> float:
        return self.audio_s / self.separation_s if self.separation_s > 0 else 0.0

    def results(self, stem: str) -> list[StemResult]:
        """The results of a stem in every song in which it was compared."""
        return [result for song in self.songs for result in song.stems if result.stem == stem]

    def summary(self, figure: EvaluationMetric, stem: str | None = None) -> dict[str, float | None]:
        """``separated``, ``nothing``, ``ideal`` and ``gain`` over all songs, for one stem or as the
        mean over all stems."""
        if stem is None:
            each = [self.summary(figure, name) for name in self.stems]
            return {key: _mean(row[key] for row in each) for key in (*ESTIMATES, "gain")}
        results = self.results(stem)
        values = {
            name: over_songs(figure, (getattr(r, name).get(figure.key) for r in results))
            for name in ESTIMATES
        }
        return {**values, "gain": over_songs(figure, (r.gain(figure.key) for r in results))}


@dataclass(frozen=True)
class EvaluationReport:
    """``seconds``: how much of the middle of each song was measured, None for whole songs.
    ``limited``: only some songs of the suite were requested. ``date``: ISO 8601 with zone."""

    date: str
    suite: str
    figures: tuple[EvaluationMetric, ...]
    host: HostReport
    code_version: str
    run: EvaluationRun
    baseline: EvaluationRun | None = None
    seconds: float | None = None
    limited: bool = False

    @property
    def runs(self) -> tuple[EvaluationRun, ...]:
        return (self.run,) if self.baseline is None else (self.run, self.baseline)

    @property
    def suite_digest(self) -> str:
        """sha256 over the digests of the measured songs; their names and order do not matter."""
        digests = sorted(song.digest for song in self.run.songs)
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()

    def ahead(self, figure: EvaluationMetric, stem: str | None = None) -> float | None:
        """How much better the run is than the baseline, in dB."""
        if self.baseline is None:
            return None
        ours = self.run.summary(figure, stem)["separated"]
        return difference(ours, self.baseline.summary(figure, stem)["separated"])


def as_document(report: EvaluationReport) -> dict[str, Any]:
    """The JSON document; infinite figures and NaN are null in it."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "date": report.date,
        "code_version": report.code_version,
        "suite": {
            "name": report.suite,
            "digest": report.suite_digest,
            "songs": len(report.run.songs),
            "audio_s": round(report.run.audio_s, 3),
            "seconds_of_each_song": report.seconds,
            "limited": report.limited,
        },
        "host": {
            "processor": report.host.processor,
            "cores": report.host.cores,
            "memory_bytes": report.host.memory_bytes,
        },
        "metrics": {figure.key: figure.label for figure in report.figures},
        "conventions": CONVENTIONS,
        "run": _run_document(report.run, report.figures),
        "baseline": _run_document(report.baseline, report.figures) if report.baseline else None,
        "difference": _differences(report) if report.baseline else None,
    }
    finite: dict[str, Any] = _finite(document)
    return finite


def _run_document(run: EvaluationRun, figures: Iterable[EvaluationMetric]) -> dict[str, Any]:
    return {
        "separator": asdict(run.identity),
        "peak_memory_bytes": run.peak_memory_bytes,
        "separation_s": round(run.separation_s, 3),
        "job_s": round(run.job_s, 3),
        "times_real_time": round(run.times_real_time, 3),
        "summary": {
            stem or "all_stems": {figure.key: run.summary(figure, stem) for figure in figures}
            for stem in (*run.stems, None)
        },
        "songs": [_song_document(song, figures) for song in run.songs],
        "failed": [asdict(song) for song in run.failed],
    }


def _song_document(song: SongResult, figures: Iterable[EvaluationMetric]) -> dict[str, Any]:
    return {
        "song": song.song,
        "digest": song.digest,
        "duration_s": round(song.duration_s, 3),
        "separation_s": round(song.separation_s, 3),
        "job_s": round(song.job_s, 3),
        "times_real_time": round(song.times_real_time, 3),
        "notes": list(song.notes),
        "stems": {stem.stem: _stem_document(stem, figures) for stem in song.stems},
    }


def _stem_document(stem: StemResult, figures: Iterable[EvaluationMetric]) -> dict[str, Any]:
    return {
        "silent": stem.is_silent,
        **{name: dict(getattr(stem, name)) for name in ESTIMATES},
        "gain": {figure.key: stem.gain(figure.key) for figure in figures},
    }


def _differences(report: EvaluationReport) -> dict[str, Any]:
    common = [stem for stem in report.run.stems if stem in report.runs[-1].stems]
    return {
        stem: {figure.key: report.ahead(figure, stem) for figure in report.figures}
        for stem in common
    }


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    if isinstance(value, float):
        return round(value, 7) if math.isfinite(value) else None
    return value
