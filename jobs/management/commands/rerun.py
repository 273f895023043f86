"""``manage.py rerun``: runs a job again exactly, from its manifest, and compares the results."""

import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jobs.core_settings import core_settings
from jobs.management.commands.separate import (
    EXIT_FAILED,
    cancel_on_interrupt,
    check_readable,
    follow,
    log_level,
)
from jobs.management.progress_bar import ProgressBar
from jobs.management.repetition_words import lines_of
from jobs.management.rerun_input import find_input
from jobs.management.result_folder import (
    apply_umask,
    check_writable,
    drop_empty_folder,
    inherited_umask,
    locked_folder,
)
from separation.audio.names import clean_name, song_title
from separation.errors import Cancelled, FileUnavailable, SeparationError
from separation.pipeline.manifest import MANIFEST_NAME, Manifest, RepetitionRecord, load_manifest
from separation.pipeline.repetition import pipeline_of
from separation.protocol.jobspec import JobSpec, RepeatedJob
from separation.runner.client import RunnerProcess

EXIT_DIFFERENT = 1


class Command(BaseCommand):
    help = (
        "Run a job again exactly: the same song, weights, engine, precision, seed and parameters. "
        "The exit code is 0 if every file is bit-identical, 1 if one differs, 2 if the job cannot "
        "run again exactly here."
    )
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own spelling

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("manifest", metavar="MANIFEST", type=Path)
        parser.add_argument("--input", type=Path, help="the song; by default it is searched")
        parser.add_argument(
            "--out", type=Path, default=Path(), help="folder for the results, by default this one"
        )
        parser.add_argument("--repo", type=Path, help="the folder of the models, if it had one")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            repeated = self._rerun(options)
        except SeparationError as error:
            self._refuse(error)
        except KeyboardInterrupt:
            self._refuse(Cancelled("stopped at once; finished stages are kept."))
        for line in lines_of(repeated):
            self.stdout.write(line)
        if not repeated.is_identical:
            sys.exit(EXIT_DIFFERENT)

    def _refuse(self, error: SeparationError) -> None:
        self.stderr.write(f"{error.code}: {error.detail}", self.style.ERROR)
        sys.exit(EXIT_FAILED)

    def _rerun(self, options: dict[str, Any]) -> RepetitionRecord:
        file = _manifest_file(options["manifest"])
        check_readable(file)
        text = file.read_bytes()
        manifest = load_manifest(text)
        pipeline = pipeline_of(manifest, options["repo"])
        song = options["input"] or find_input(manifest, file.parent)
        check_readable(song)
        with inherited_umask(options["out"]):
            check_writable(options["out"])
        # A manifest may come from anywhere, and its name becomes that of a folder.
        name = clean_name(manifest.input_file)
        held = locked_folder(options["out"].resolve(), f"{song_title(name)} (again)")
        with inherited_umask(options["out"]), held as folder:
            spec = JobSpec(
                job_id=str(uuid.uuid4()),
                input_path=song.resolve(),
                input_name=name,
                job_dir=folder,
                pipeline=pipeline,
                created_at=datetime.now(UTC).isoformat(),
                preset=manifest.preset,
                repeats=RepeatedJob(
                    manifest=manifest.model_dump(mode="json"), files=file.parent.resolve()
                ),
            )
            done = self._run(spec, log_level(options))
        self.stdout.write(f"{name}: separated again into {folder}")
        if done.repeats is None:
            raise FileUnavailable("The repetition has left no comparison.")
        return done.repeats

    def _run(self, spec: JobSpec, level: str) -> Manifest:
        bar = ProgressBar(sys.stderr)
        bar.show(0.0, f"{spec.input_name}: starting")
        try:
            with (
                RunnerProcess(core_settings(), log_level=level) as runner,
                cancel_on_interrupt(runner, spec.job_id),
            ):
                follow(runner, spec, bar)
        except SeparationError:
            drop_empty_folder(spec.job_dir)
            raise
        finally:
            bar.end()
            # The runner has the site's umask, as it also writes to the site's folder of models.
            apply_umask(spec.job_dir)
        return load_manifest(spec.job_dir / MANIFEST_NAME)


def _manifest_file(path: Path) -> Path:
    return path / MANIFEST_NAME if path.is_dir() else path
