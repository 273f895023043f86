"""Runs a separator on all songs of a suite, one after the other."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from separation.errors import (
    Cancelled,
    InvalidOptions,
    LicenceRefused,
    ModelUnavailable,
    SeparationError,
    SuiteInvalid,
    WorkerLost,
    error_from_code,
)
from separation.evaluation.figures import EvaluationMetric
from separation.evaluation.loading import load_song
from separation.evaluation.measuring import measure
from separation.evaluation.report import EvaluationRun, FailedSong, Identity, SongResult
from separation.evaluation.separating import Separated, evaluation_pipeline, separate
from separation.evaluation.suite import Suite, SuiteSong
from separation.evaluation.targets import targets
from separation.progress import Report, ignore_progress, part_of
from separation.request.separation_request import SeparationRequest
from separation.runner.client import RunnerProcess
from separation.settings import CoreSettings

_FOR_ALL_SONGS = (Cancelled, InvalidOptions, LicenceRefused, ModelUnavailable, WorkerLost)
"""Errors that every other song would have too."""

_LOADED, _SEPARATED = 0.15, 0.85
"""Where in a song's share of the bar loading and separating end."""


@dataclass(frozen=True)
class Order:
    """What to measure. ``limit``: the number of songs, from the first. ``seconds``: how much of the
    middle of each song. ``keep``: a folder for the separator's stems, else they are removed."""

    suite: Suite
    figures: tuple[EvaluationMetric, ...]
    limit: int | None = None
    seconds: float | None = None
    keep: Path | None = None

    @property
    def songs(self) -> tuple[SuiteSong, ...]:
        return self.suite.songs[: self.limit]


def run_suite(
    order: Order,
    request: SeparationRequest,
    settings: CoreSettings,
    *,
    log_level: str = "ERROR",
    report: Report = ignore_progress,
    on_song: Callable[[SongResult], None] = lambda _: None,
    on_failed: Callable[[FailedSong], None] = lambda _: None,
) -> EvaluationRun:
    """Separate and measure every song; all temporary files are removed.

    One runner separates all songs, and its peak memory is that of the run. A song that fails is
    reported to ``on_failed`` and left out. Raises the error of the first song where no song could
    be measured, and at once an error that every song would have (``Cancelled``,
    ``InvalidOptions``, ``LicenceRefused``, ``ModelUnavailable``, ``WorkerLost``).
    """
    done: list[tuple[SongResult, Identity]] = []
    failed: list[FailedSong] = []
    songs = order.songs
    with _runner(settings, log_level) as runner:
        work = _SongWork(order, request, settings, runner)
        for place, song in enumerate(songs):
            share = part_of(report, place / len(songs), (place + 1) / len(songs))
            try:
                done.append(work.measured(song, share))
            except _FOR_ALL_SONGS:
                raise
            except SeparationError as error:
                failed.append(FailedSong(song.name, error.code, error.detail))
                on_failed(failed[-1])
            else:
                on_song(done[-1][0])
        peak_bytes = runner.peak_memory_bytes()
    if not done:
        raise error_from_code(failed[0].code, failed[0].detail)
    first = done[0][1]
    return EvaluationRun(first, tuple(result for result, _ in done), tuple(failed), peak_bytes)


def _runner(settings: CoreSettings, log_level: str) -> AbstractContextManager[RunnerProcess]:
    # The sources were decoded within the limits; the runner reads larger float files.
    limits = replace(settings.limits, max_bytes=sys.maxsize)
    return RunnerProcess(replace(settings, limits=limits), log_level=log_level)


@dataclass
class _SongWork:
    """``identity``: what separated the last song."""

    order: Order
    request: SeparationRequest
    settings: CoreSettings
    runner: RunnerProcess
    identity: Identity | None = None

    def measured(self, song: SuiteSong, report: Report) -> tuple[SongResult, Identity]:
        with tempfile.TemporaryDirectory(prefix="stemsite-evaluate-") as scratch:
            return self._measured(song, Path(scratch), _titled(report, song.name))

    def _measured(
        self, song: SuiteSong, scratch: Path, report: Report
    ) -> tuple[SongResult, Identity]:
        (scratch / "suite").mkdir()
        loaded = load_song(
            song,
            scratch / "suite",
            self.settings.limits,
            seconds=self.order.seconds,
            report=part_of(report, 0.0, _LOADED),
        )
        made = separate(
            self.runner,
            loaded.mixture,
            song.name,
            scratch / "job",
            evaluation_pipeline(self.request),
            report=part_of(report, _LOADED, _SEPARATED),
        )
        compared = targets(list(made.stems), song.stems, self.order.suite.stems)
        if not compared:
            raise SuiteInvalid(
                f"{made.identity.label} gives {', '.join(made.stems)}, and the song has "
                f"{', '.join(sorted(song.stems))}: nothing can be compared. Rename the files of "
                "the suite after the separator's stems."
            )
        report(_SEPARATED, "measuring")
        stems = measure(
            loaded,
            made.stems,
            compared,
            self.order.figures,
            report=part_of(report, _SEPARATED, 1.0),
        )
        if self.order.keep is not None:
            _keep(made, self.order.keep / song.name)
        result = SongResult(
            song=song.name,
            duration_s=loaded.duration_s,
            digest=loaded.digest,
            stems=stems,
            separation_s=made.separation_s,
            job_s=made.job_s,
            notes=(*loaded.notes, *made.notes, *self._change_of(made.identity)),
        )
        return result, made.identity

    def _change_of(self, identity: Identity) -> Sequence[str]:
        """A note where another model than before ran, as fall-backs may begin or end at any
        song."""
        before, self.identity = self.identity or identity, identity
        if before.weights_digest == identity.weights_digest:
            return ()
        return (f"This song was separated by {identity.label}, the one before by {before.label}.",)


def _titled(report: Report, name: str) -> Report:
    def titled(fraction: float, message: str = "") -> None:
        report(fraction, f"{name}: {message}" if message else "")

    return titled


def _keep(made: Separated, folder: Path) -> None:
    folder.mkdir(parents=True)
    for stem, path in made.stems.items():
        shutil.move(path, folder / f"{stem}.wav")
