"""``manage.py separate``: runs the whole pipeline in the foreground, without a server."""

import json
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from jobs.core_settings import core_settings
from jobs.management.option_arguments import add_option
from jobs.management.progress_bar import ProgressBar
from jobs.management.result_folder import (
    apply_umask,
    check_writable,
    drop_empty_folder,
    inherited_umask,
    locked_folder,
)
from jobs.services.job.request_validation import check_licence, check_stems, request_with_defaults
from separation.audio.names import clean_name, song_title
from separation.ensemble import ENSEMBLES
from separation.errors import (
    Cancelled,
    FileUnavailable,
    InvalidOptions,
    SeparationError,
    WorkerLost,
    error_from_code,
)
from separation.options import DENOISE_STRENGTH, OPTIONS
from separation.protocol.jobspec import JobSpec
from separation.protocol.messages import (
    FailedEvent,
    FinishedEvent,
    ProgressEvent,
    StageFinishedEvent,
    StageStartedEvent,
)
from separation.request.presets import PRESET_NAMES
from separation.request.separation_request import SeparationRequest, parse_stems
from separation.request.splits import (
    parse_denoise,
    parse_details,
    parse_ensemble_text,
)
from separation.runner.client import RunnerProcess
from separation.system.json_path import is_text

EXIT_FAILED = 2

_PARSED_FIELDS = ("stems", "stages", "ensemble", "details", "denoise")
"""Fields of a request whose text needs a parser of its own."""
_FIELDS = tuple(name for name in OPTIONS if name not in _PARSED_FIELDS)


_OVERRIDES: dict[str, dict[str, Any]] = {
    "preset": {"choices": PRESET_NAMES},
    "model": {"usual": "the separator's first; see manage.py models"},
    "repo": {"type": Path},
    "ensemble": {
        "metavar": "NAME|FILE",
        "help": f"several separators together: {', '.join(each.name for each in ENSEMBLES)}, or a "
        "JSON file with their members",
    },
    "details": {
        "metavar": "STEM=SEPARATOR[:MODEL]",
        "action": "append",
        "help": "split a stem (or `song`) again; may be given several times, or name a JSON file",
    },
    "denoise": {
        "metavar": "STEM[=STRENGTH]",
        "action": "append",
        "help": f"also the stem with less noise, strength {DENOISE_STRENGTH.range} (default: "
        f"{DENOISE_STRENGTH.default:g}); may be given several times, or name a JSON file",
    },
    "two_stems": {"metavar": "STEM"},
    "allow_remote": {
        "flag": "--no-remote",
        "action": "store_false",
        "help": "never send the song to a remote service",
    },
    # The portal shows none of these results.
    "preview": {"default": False},
}
"""Arguments that differ from what the table of options says."""


class Command(BaseCommand):
    help = "Separate songs in the foreground; each gets its own folder below --out."
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own spelling

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("songs", metavar="SONG", nargs="+", type=Path)
        parser.add_argument("--out", type=Path, required=True, help="folder for the results")
        for name in OPTIONS:
            add_option(parser, name, **_OVERRIDES.get(name, {}))
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON object for each song as the last line",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            request = request_from(options)
            with inherited_umask(options["out"]):
                check_writable(options["out"])
            with RunnerProcess(core_settings(), log_level=log_level(options)) as runner:
                failed = [
                    song
                    for song in options["songs"]
                    if not self._done(runner, song, request, options)
                ]
        except SeparationError as error:
            self._write_error(error)
            sys.exit(EXIT_FAILED)
        except KeyboardInterrupt:
            self._write_error(Cancelled("stopped at once; finished stages are kept."))
            sys.exit(EXIT_FAILED)
        if failed:
            sys.exit(EXIT_FAILED)

    def _done(
        self, runner: RunnerProcess, song: Path, request: SeparationRequest, options: dict[str, Any]
    ) -> bool:
        """Separate one song; False if it failed: the error is shown and the next song follows.

        Raises ``Cancelled`` and ``WorkerLost``, as the next song would fail as well.
        """
        try:
            summary = self._separate(runner, song, options["out"], request)
        except (Cancelled, WorkerLost):
            raise
        except SeparationError as error:
            self._write_error(error, song if len(options["songs"]) > 1 else None)
            return False
        self._write_summary(summary, as_json=options["json"])
        return True

    def _write_error(self, error: SeparationError, song: Path | None = None) -> None:
        where = f"{song.name}: " if song else ""
        self.stderr.write(f"{error.code}: {where}{error.detail}", self.style.ERROR)

    def _separate(
        self, runner: RunnerProcess, song: Path, out: Path, request: SeparationRequest
    ) -> dict[str, Any]:
        check_readable(song)
        held = locked_folder(out.resolve(), song_title(song.name))
        with inherited_umask(out), held as folder:
            spec = spec_for(song, folder, request)
            bar = ProgressBar(sys.stderr)
            bar.show(0.0, f"{spec.input_name}: starting")
            try:
                with cancel_on_interrupt(runner, spec.job_id):
                    return follow(runner, spec, bar)
            except SeparationError:
                drop_empty_folder(folder)
                raise
            finally:
                bar.end()
                # The runner has the site's umask, as it also writes to the site's folder of models.
                apply_umask(folder)

    def _write_summary(self, summary: dict[str, Any], *, as_json: bool) -> None:
        for sentence in summary["warnings"]:
            self.stderr.write(f"note: {sentence}", self.style.WARNING)
        if as_json:
            self.stdout.write(json.dumps(summary))
            return
        folder = Path(summary["manifest"]).parent
        for name, path in summary["outputs"].items():
            self.stdout.write(f"{name:<24} {self._writable(str(folder / path))}")

    def _writable(self, path: str) -> str:
        """The path with escapes for characters that the terminal's encoding lacks."""
        encoding = getattr(self.stdout, "encoding", None) or "utf-8"
        return path.encode(encoding, "backslashreplace").decode(encoding)


def request_from(options: dict[str, Any]) -> SeparationRequest:
    """The arguments override the preset, and the preset overrides the site's defaults.

    Raises ``InvalidOptions`` or ``LicenceRefused``.
    """
    choices = {name: options[name] for name in _FIELDS if options[name] is not None}
    if options["stages"]:
        choices["stages"] = tuple(part.strip() for part in options["stages"].split(","))
    if options["stems"] is not None:
        # `--stems all` beside a preset also overrides the two stems that the preset may name.
        choices |= parse_stems(options["stems"]) or {"stems": None, "two_stems": None}
    if options["ensemble"]:
        choices |= parse_ensemble_text(text_or_file(options["ensemble"]))
    for name, parse in (("details", parse_details), ("denoise", parse_denoise)):
        if options[name]:
            choices[name] = [row for text in options[name] for row in parse(text_or_file(text))]
    request = request_with_defaults(options=choices)
    if request.repo is not None and not is_text(request.repo):
        raise InvalidOptions("The path of --repo is not valid UTF-8. Rename the folder.")
    # Checked here, not after minutes of decoding or separating.
    check_stems(request=request)
    check_licence(request=request)
    return request


def text_or_file(given: str) -> str:
    """The argument itself, or the content of the JSON file that it names."""
    path = Path(given)
    if path.suffix != ".json":
        return given
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidOptions(f"The file {given!r} cannot be read: {error}.") from error


def spec_for(song: Path, folder: Path, request: SeparationRequest) -> JobSpec:
    return JobSpec(
        job_id=str(uuid.uuid4()),
        input_path=song.resolve(),
        input_name=clean_name(song.name),
        job_dir=folder,
        pipeline=request.to_pipeline(),
        created_at=datetime.now(UTC).isoformat(),
    )


def check_readable(song: Path) -> None:
    """Raises ``FileUnavailable``."""
    if song.is_dir():
        raise FileUnavailable(f"{str(song)!r} is a folder; name the songs in it.")
    if not song.exists():
        raise FileUnavailable(f"there is no file {str(song)!r}; check the path.")
    if not song.is_file():
        raise FileUnavailable(f"{str(song)!r} is a device or a pipe, and no ordinary file.")
    try:
        song.open("rb").close()
    except OSError as error:
        raise FileUnavailable(f"{str(song)!r} cannot be read ({error.strerror}).") from error


def log_level(options: dict[str, Any]) -> str:
    """Only errors by default: log lines would break the bar, and notes show the warnings."""
    return settings.LOG_LEVEL if options["verbosity"] > 1 else "ERROR"


def follow(runner: RunnerProcess, spec: JobSpec, bar: ProgressBar) -> dict[str, Any]:
    """Run one job to its end; raises the error of a failed job."""
    seconds: dict[str, float] = {}
    warnings: list[str] = []
    for event in runner.events(spec, poll_s=0.5):
        match event:
            case StageStartedEvent(label=label, percent=float(percent)):
                bar.show(percent, f"{spec.input_name}: {label}")
            case ProgressEvent():
                bar.show(event.percent, f"{spec.input_name}: {event.message}", event.eta_s)
            case StageFinishedEvent():
                seconds[event.stage] = round(event.duration_s, 3)
                warnings.extend(event.warnings)
            case FailedEvent():
                raise error_from_code(event.code, event.detail)
            case FinishedEvent():
                bar.show(100.0, f"{spec.input_name}: done")
                return {
                    "manifest": str(spec.job_dir / "manifest.json"),
                    "outputs": event.manifest["outputs"],
                    "seconds_per_stage": seconds,
                    "peak_memory_mb": round(runner.peak_memory_bytes() / 1e6, 1),
                    "warnings": warnings,
                }
    raise Cancelled("the runner ended before the job did.")


@contextmanager
def cancel_on_interrupt(runner: RunnerProcess, job_id: str) -> Iterator[None]:
    """The first Ctrl-C cancels the job, so that the runner cleans up; the second ends at once."""

    def interrupt(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        runner.cancel(job_id)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
