"""``manage.py evaluate``: measures how near a separator comes to the true stems of songs."""

import json
import signal
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter
from django.db import DatabaseError

from jobs.core_settings import core_settings
from jobs.management.commands.separate import log_level
from jobs.management.option_arguments import add_option
from jobs.management.progress_bar import ProgressBar
from jobs.management.result_folder import apply_umask, check_writable, inherited_umask
from jobs.models import ModelMeasurement
from jobs.services.job.request_validation import check_licence, request_with_defaults
from jobs.services.site_models.measurements import record_report
from separation import CODE_VERSION
from separation.audio.names import one_line
from separation.engine.host import host_report
from separation.errors import InvalidOptions, SeparationError, StorageUnavailable
from separation.evaluation.evaluating import Order, run_suite
from separation.evaluation.figures import CHOICES, QUICK, chosen_figures
from separation.evaluation.page import as_page
from separation.evaluation.report import (
    EvaluationReport,
    EvaluationRun,
    FailedSong,
    SongResult,
    as_document,
)
from separation.evaluation.suite import read_suite
from separation.evaluation.text import comparison_text, run_text, song_text
from separation.request.separation_request import SeparationRequest, parse_stems
from separation.stage_table import SEPARATION
from separation.storage.atomic_files import write_durably

EXIT_FAILED = 2
EXIT_INCOMPLETE = 3
EXIT_INTERRUPTED = 130

_FIELDS = ("separator", "model", "repo", "device", "shifts", "overlap", "segment_s", "seed")
"""Arguments with the names and values of a request's fields."""

_EXIT_CODES = f"""
ends with:
  0    every song was measured
  {EXIT_FAILED}    none was: the error's code and sentence stand on standard error
  {EXIT_INCOMPLETE}    some songs could not be measured; the report has the others and names them
  {EXIT_INTERRUPTED}  Ctrl-C or SIGTERM; only the stems of --keep are left
"""


class _HelpFormatter(RawDescriptionHelpFormatter, DjangoHelpFormatter):
    """Keeps Django's order of options, and the line breaks of the epilog."""


class Command(BaseCommand):
    help = (
        "Separate songs whose true stems are known, and say in decibels how near the stems come "
        "to them (docs/evaluation.md)."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own spelling

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = _EXIT_CODES
        parser.formatter_class = _HelpFormatter
        parser.add_argument(
            "--suite",
            type=Path,
            required=True,
            metavar="DIR",
            help="a folder for each song, with mixture.wav (or .flac) and a file for each stem; "
            "also MUSDB18-HQ, and MUSDB18's .stem.mp4",
        )
        add_option(parser, "separator")
        add_option(parser, "model", usual="the separator's first; see manage.py models")
        parser.add_argument(
            "--baseline",
            metavar="NAME",
            help="another separator, or SEPARATOR/MODEL, for the same songs, side by side",
        )
        parser.add_argument(
            "--metrics",
            default=",".join(QUICK),
            help=f"of {','.join(CHOICES)} (default: %(default)s); bss_eval takes half a minute "
            "a song",
        )
        parser.add_argument("--limit", type=int, metavar="N", help="only the first N songs")
        parser.add_argument(
            "--seconds", type=float, metavar="S", help="only S seconds of the middle of each song"
        )
        parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the stems here")
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--html", type=Path, metavar="FILE", help="also a page with plots")
        parser.add_argument(
            "--record",
            action="store_true",
            help="keep the figures of a whole suite in the database, for the models' cards",
        )
        self._add_choices_of_the_separator(parser)

    def _add_choices_of_the_separator(self, parser: CommandParser) -> None:
        add_option(parser, "repo", type=Path)
        add_option(parser, "stems", help="as for separate; 2:vocals: vocals and accompaniment")
        for name in ("device", "shifts", "overlap", "segment_s", "seed"):
            add_option(parser, name)
        parser.add_argument(
            "--no-remote", action="store_true", help="never send a song to a remote service"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with terminated_as_interrupted():
                report = self._evaluated(options)
        except SeparationError as error:
            self._write_error(error.code, error.detail)
            sys.exit(EXIT_FAILED)
        except KeyboardInterrupt:
            self._write_error("cancelled", "stopped; no report was made.")
            sys.exit(EXIT_INTERRUPTED)
        if any(run.failed for run in report.runs):
            sys.exit(EXIT_INCOMPLETE)

    def _evaluated(self, options: dict[str, Any]) -> EvaluationReport:
        order, requests = order_from(options), requests_from(options)
        check_outputs(options)
        try:
            runs = [
                self._run(replace(order, keep=kept_in(order.keep, request)), request, options)
                for request in requests
            ]
        finally:
            if order.keep is not None:
                apply_umask(order.keep)
        report = EvaluationReport(
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            suite=order.suite.name,
            figures=order.figures,
            host=host_report(),
            code_version=CODE_VERSION,
            run=runs[0],
            baseline=runs[1] if len(runs) > 1 else None,
            seconds=order.seconds,
            limited=order.songs != order.suite.songs,
        )
        self._write_report(report, options)
        return report

    def _run(
        self, order: Order, request: SeparationRequest, options: dict[str, Any]
    ) -> EvaluationRun:
        bar = ProgressBar(sys.stderr)

        def on_song(song: SongResult) -> None:
            if not options["json"]:
                bar.end()
                self.stdout.write(song_text(song, order.figures) + "\n")
                self.stdout.flush()

        def on_failed(song: FailedSong) -> None:
            bar.end()
            self._write_error(song.code, f"{one_line(song.song)}: {song.detail}")

        try:
            return run_suite(
                order,
                request,
                core_settings(),
                log_level=log_level(options),
                report=ProgressReport(bar, request.separator),
                on_song=on_song,
                on_failed=on_failed,
            )
        finally:
            bar.end()

    def _write_report(self, report: EvaluationReport, options: dict[str, Any]) -> None:
        if options["html"] is not None:
            write_page(report, options["html"])
        document = as_document(report)
        if options["record"]:
            self._record(document)
        if options["json"]:
            self.stdout.write(json.dumps(document, indent=2, allow_nan=False))
            return
        for run in report.runs:
            self.stdout.write(run_text(run, report.figures) + "\n")
        if report.baseline is not None:
            self.stdout.write(comparison_text(report))

    def _record(self, document: dict[str, Any]) -> None:
        """Record both runs, each from a document of its own."""
        for run in (document["run"], document["baseline"]):
            if run is not None and record_report({**document, "run": run}) is None:
                self.stderr.write(
                    f"note: {run['separator']['model']} is not recorded, as a card shows whole "
                    "suites only.",
                    self.style.WARNING,
                )

    def _write_error(self, code: str, detail: str) -> None:
        self.stderr.write(f"{code}: {detail}", self.style.ERROR)


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM, which stops a service, ends the work in the block as cleanly as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class ProgressReport:
    """A progress callback that draws a bar; a call without a message keeps the last one."""

    def __init__(self, bar: ProgressBar, separator: str) -> None:
        self._bar, self._separator, self._message = bar, separator, "starting"

    def __call__(self, fraction: float, message: str = "") -> None:
        self._message = message or self._message
        self._bar.show(100 * fraction, one_line(f"{self._separator}: {self._message}"))


def order_from(options: dict[str, Any]) -> Order:
    """Raises ``SuiteInvalid`` or ``InvalidOptions``."""
    figures = chosen_figures(part.strip() for part in options["metrics"].split(",") if part.strip())
    if options["limit"] is not None and options["limit"] < 1:
        raise InvalidOptions(f"--limit {options['limit']}: must be at least 1.")
    if options["seconds"] is not None and not 0 < options["seconds"] < float("inf"):
        raise InvalidOptions(f"--seconds {options['seconds']:g}: must be more than 0.")
    suite = read_suite(options["suite"])
    return Order(suite, figures, options["limit"], options["seconds"], options["keep"])


def requests_from(options: dict[str, Any]) -> list[SeparationRequest]:
    """The request for the separator, and one for the baseline if there is one.

    Raises ``InvalidOptions`` or ``LicenceRefused``.
    """
    choices = {name: options[name] for name in _FIELDS if options[name] is not None}
    if options["stems"] is not None:
        choices |= parse_stems(options["stems"])
    common = {"stages": (SEPARATION,), "allow_remote": not options["no_remote"]}
    requests = [request_with_defaults(options={**choices, **common})]
    if options["baseline"] is not None:
        separator, _, model = options["baseline"].partition("/")
        other = {"separator": separator, "model": model or None, "repo": None}
        requests.append(request_with_defaults(options={**choices, **other, **common}))
        if requests[0] == requests[1]:
            raise InvalidOptions(
                f"--baseline {options['baseline']} is what is measured anyway: name another one."
            )
    for request in requests:
        check_licence(request=request)
    return requests


def check_outputs(options: dict[str, Any]) -> None:
    """Check every place to write to before the work. Raises ``StorageUnavailable``."""
    keep, page = options["keep"], options["html"]
    if keep is not None:
        if keep.is_dir() and any(keep.iterdir()):
            raise StorageUnavailable(
                f"The folder {str(keep)!r} is not empty: name another one for --keep."
            )
        with inherited_umask(keep):
            check_writable(keep, "--keep")
    if page is not None:
        if page.is_dir():
            raise StorageUnavailable(f"{str(page)!r} is a folder: name a file for --html.")
        with inherited_umask(page):
            check_writable(page.absolute().parent, "--html")
    if options["record"]:
        check_can_record()


def check_can_record() -> None:
    try:
        ModelMeasurement.objects.exists()
    except DatabaseError as error:
        raise StorageUnavailable(
            "The database has no place for figures: run manage.py migrate first, or leave --record "
            "out."
        ) from error


def kept_in(keep: Path | None, request: SeparationRequest) -> Path | None:
    names = [request.separator, request.model]
    return keep / "-".join(name for name in names if name) if keep is not None else None


def write_page(report: EvaluationReport, path: Path) -> None:
    try:
        # The name of a file may hold bytes that are no UTF-8.
        with inherited_umask(path):
            write_durably(path, as_page(report).encode(errors="backslashreplace"))
    except OSError as error:
        raise StorageUnavailable(
            f"The page {str(path)!r} cannot be written ({error.strerror})."
        ) from error
