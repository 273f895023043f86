"""Reports with figures that are made up, for what is made of them."""

from separation.engine.host import HostReport
from separation.evaluation.figures import chosen_figures
from separation.evaluation.measuring import StemResult
from separation.evaluation.report import (
    EvaluationReport,
    EvaluationRun,
    FailedSong,
    Identity,
    SongResult,
)

FIGURES = chosen_figures(["sdr", "bss_sdr"])
NOTHING_DB, IDEAL_DB = -5.0, 10.0


def stem(name: str, separated_db: float | None) -> StemResult:
    """The same figure for both metrics; None: the stem is silent."""
    if separated_db is None:
        none = dict.fromkeys(figure.key for figure in FIGURES)
        return StemResult(name, True, none, none, none)
    levels = (separated_db, NOTHING_DB, IDEAL_DB)
    return StemResult(name, False, *({figure.key: db for figure in FIGURES} for db in levels))


def song(name: str, *, digest: str = "", **separated_db: float | None) -> SongResult:
    """30 s, separated in 3 s."""
    stems = tuple(stem(each, db) for each, db in separated_db.items())
    return SongResult(name, 30.0, digest or name, stems, separation_s=3.0, job_s=5.0)


def run(
    *songs: SongResult, name: str = "spectral", failed: tuple[FailedSong, ...] = ()
) -> EvaluationRun:
    identity = Identity(name, name, name, "1", "ab" * 32, "numpy", "float32", "cpu")
    return EvaluationRun(identity, songs, failed, peak_memory_bytes=400_000_000)


def report(
    first: EvaluationRun, baseline: EvaluationRun | None = None, **overrides: object
) -> EvaluationReport:
    values: dict[str, object] = {
        "date": "2026-11-30T10:00:00+00:00",
        "suite": "songs",
        "figures": FIGURES,
        "host": HostReport("A processor", 2, (), 8 * 10**9, 4 * 10**9),
        "code_version": "0.1.0",
        **overrides,
    }
    return EvaluationReport(run=first, baseline=baseline, **values)  # type: ignore[arg-type]
