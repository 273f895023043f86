"""A report as the few plain values that somebody keeps of it, such as a model's card."""

from collections.abc import Mapping
from dataclasses import dataclass

from separation.evaluation.report import Report, Run


@dataclass(frozen=True)
class Measurement:
    """One separator on one suite.

    ``stems``: for each stem ``separated``, ``nothing``, ``ideal`` and ``gain`` over all songs, by
    the key of the figure: ``stems["vocals"]["sdr"]["gain"]``. ``is_whole``: whole songs, all of
    the suite, none of which failed; only such a measurement stands for the suite. ``seconds``:
    that separating ``audio_s`` seconds of sound took. ``date``: ISO 8601 with zone.
    """

    separator: str
    model: str
    weights_digest: str
    engine: str
    precision: str
    device: str
    suite: str
    suite_digest: str
    songs: int
    date: str
    stems: Mapping[str, Mapping[str, Mapping[str, float | None]]]
    audio_s: float
    seconds: float
    peak_memory_bytes: int
    is_whole: bool


def measurements(report: Report) -> tuple[Measurement, ...]:
    """One for the separator and, where there is one, one for the baseline."""
    return tuple(_measurement(report, run) for run in report.runs if run.songs)


def _measurement(report: Report, run: Run) -> Measurement:
    identity = run.identity
    return Measurement(
        separator=identity.separator,
        model=identity.model,
        weights_digest=identity.weights_digest,
        engine=identity.engine,
        precision=identity.precision,
        device=identity.device,
        suite=report.suite,
        suite_digest=report.suite_digest,
        songs=len(run.songs),
        date=report.date,
        stems={
            stem: {figure.key: run.summary(figure, stem) for figure in report.figures}
            for stem in run.stems
        },
        audio_s=run.audio_s,
        seconds=run.separation_s,
        peak_memory_bytes=run.peak_memory_bytes,
        is_whole=report.seconds is None and not report.limited and not run.failed,
    )
