"""Runs a job's stages in order so that it may be stopped, killed and resumed anywhere.

A stage writes into a temporary folder. When it is done its files are pushed to disk and hashed, a
receipt is added last and the folder gets its final name in ``job_dir/work``. The next attempt keeps
every stage whose receipt has the same key and whose files are intact, and a long stage resumes from
its last checkpoint (:mod:`separation.storage.checkpoints`). Delivered files move to their folders
in ``job_dir`` one by one, complete or not at all. :mod:`separation.storage.fence` keeps out an
attempt that was given up and still runs.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from separation.audio.tracks import Track
from separation.errors import (
    Cancelled,
    DiskFull,
    Internal,
    OutputInvalid,
    SeparationError,
    WorkerLost,
)
from separation.pipeline.completed_job import completed_before, completed_manifest
from separation.pipeline.error_mapping import named_error
from separation.pipeline.events import EventSender, Observer
from separation.pipeline.job_progress import JobProgress
from separation.pipeline.manifest import Manifest, RepetitionRecord, load_manifest
from separation.pipeline.manifest_writer import ManifestWriter, made_with, now_iso
from separation.pipeline.rates import Rates
from separation.pipeline.receipts import (
    Receipt,
    load_receipt,
    receipt_of,
    seal_files,
    stage_key,
    unfinished_key,
    write_receipt,
)
from separation.pipeline.repetition import check_repeatable, compared, settings_as_then
from separation.pipeline.work_folder import WorkFolder
from separation.progress import Report, ignore_progress, never_pause, never_stop
from separation.protocol.jobspec import JobSpec
from separation.settings import CoreSettings
from separation.stages.base import (
    PipelineStage,
    SeparatorSource,
    Song,
    StageContext,
    StageResult,
)
from separation.stages.registry import check_pipeline
from separation.storage.atomic_files import FileDigest
from separation.storage.checkpoints import PAUSED
from separation.storage.source_file import digest_source

_NOT_RESUMED = (DiskFull, Internal, OutputInvalid)
"""After these errors a stage starts over: what it has written fills the disk or may be wrong."""
_log = logging.getLogger("pipeline")


def run_pipeline(
    spec: JobSpec,
    settings: CoreSettings,
    *,
    separators: SeparatorSource,
    observer: Observer,
    check: Callable[[], None] = never_stop,
    pause: Callable[[], bool] = never_pause,
    rates: Rates | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Manifest:
    """Run a job and return its manifest, which is then also in ``spec.job_dir``.

    ``check`` is called at every progress report and while files are hashed, and raises
    (``Cancelled``, ``WorkerLost``) when the job is to stop. While ``pause`` is true the job stops
    where it loses nothing, behind a checkpoint or between two stages, with ``Cancelled`` as well.
    ``rates`` carries measured costs from job to job. Raises a ``SeparationError`` of any kind,
    after it is written to the manifest and ``observer`` has received it.
    """
    run = _JobRun(spec, settings, separators, observer, check, pause, rates or Rates(), clock)
    return run.run()


class _JobRun:
    def __init__(
        self,
        spec: JobSpec,
        settings: CoreSettings,
        separators: SeparatorSource,
        observer: Observer,
        check: Callable[[], None],
        pause: Callable[[], bool],
        rates: Rates,
        clock: Callable[[], float],
    ) -> None:
        self._spec = spec
        self._settings = settings
        self._separators = separators
        self._observe = observer
        self._events = EventSender(spec.job_id, observer)
        self._check = check
        self._pause = pause
        self._rates = rates
        self._clock = clock
        self._work = WorkFolder(spec.job_dir, spec.attempt_id, checkpoint_s=settings.checkpoint_s)
        self._manifest_writer = ManifestWriter(spec, self._work.fence)
        self._stages: list[PipelineStage[Any]] = []
        self._stage_name: str | None = None
        self._song: Song | None = None
        self._tracks: dict[str, Track] = {}
        self._key: str | None = None
        self._source = FileDigest(sha256="", size=0)
        self._repeated: Manifest | None = None

    def run(self) -> Manifest:
        # SystemExit too: command line code inside libraries calls sys.exit on bad input.
        try:
            return self._run()
        except (Exception, SystemExit) as error:
            named = self._named(error)
            self._drop_useless_checkpoints(named)
            self._record_failure(named)
            if named is error:
                raise
            raise named from error
        finally:
            self._work.end_attempt()

    def _run(self) -> Manifest:
        self._stages = stages = check_pipeline(self._spec.pipeline)
        self._work.take()
        self._source = digest_source(self._spec.input_path, self._check)
        self._check_repeated(stages)
        earlier = completed_before(self._spec, stages, self._key_in_advance, self._check)
        if earlier is not None:
            self._work.end_job(keep_finished=self._settings.keep_work)
            self._events.finished_before(earlier)
            return earlier
        self._manifest_writer.begin(stages, self._source)
        progress = JobProgress(
            self._spec.job_id,
            stages,
            rates=self._rates.expected(stages, self._spec.rates),
            send=self._observe,
            check=self._check,
            audio_s=self._spec.audio_s,
            percent=self._spec.percent,
            clock=self._clock,
        )
        for stage in stages:
            if self._pause():
                raise Cancelled(PAUSED)
            self._run_stage(stage, progress)
            self._stage_name = None
        self._manifest_writer.completed(self._comparison())
        self._work.end_job(keep_finished=self._settings.keep_work)
        self._events.finished(self._manifest_writer.manifest)
        return self._manifest_writer.manifest

    def _check_repeated(self, stages: list[PipelineStage[Any]]) -> None:
        """Raises ``NotRepeatable``; see :mod:`separation.pipeline.repetition`."""
        if self._spec.repeats is None:
            return
        self._repeated = load_manifest(self._spec.repeats.manifest)
        self._settings = settings_as_then(self._settings, self._repeated)
        check_repeatable(
            self._repeated,
            stages,
            self._source.sha256,
            lambda stage: stage.key_material(self._context(stage, ignore_progress)),
        )

    def _comparison(self) -> RepetitionRecord | None:
        if self._repeated is None or self._spec.repeats is None:
            return None
        return compared(
            self._repeated,
            self._manifest_writer.manifest,
            self._spec.job_dir,
            self._spec.repeats.files,
            self._check,
        )

    def _run_stage(self, stage: PipelineStage[Any], progress: JobProgress) -> None:
        """Run a stage, or take over what an earlier attempt finished of it."""
        self._stage_name = stage.name
        report = progress.begin(stage)
        self._events.stage_started(stage, progress.percent, progress.eta_s)
        self._manifest_writer.stage_began(stage.name)
        report(0.0, stage.activity)
        context = self._context(stage, report)
        key = self._key_of(stage, context, self._key)
        receipt = load_receipt(
            self._work.finished(stage.name), key=key, job_dir=self._spec.job_dir, check=self._check
        )
        reused = receipt is not None
        if receipt is None:
            progress.working()
            receipt = self._execute(stage, context, key, progress)
            self._learn(stage, receipt)
        self._song = receipt.song or self._song
        progress.decoded(self._audio_s(receipt))
        if reused:
            progress.kept(receipt.duration_s)
        self._tracks.update({track.name: track for track in receipt.tracks})
        self._key = key
        self._manifest_writer.stage_ended(receipt, reused=reused)
        manifest = self._manifest_writer.manifest
        self._events.stage_finished(manifest.stage(stage.name), manifest, reused=reused)

    def _learn(self, stage: PipelineStage[Any], receipt: Receipt) -> None:
        if not receipt.details.get("resumed_at_s"):
            audio_s = self._audio_s(receipt)
            self._rates.remember(stage, self._stages, work_s=receipt.duration_s, audio_s=audio_s)

    def _execute(
        self, stage: PipelineStage[Any], context: StageContext, key: str, progress: JobProgress
    ) -> Receipt:
        log = logging.getLogger(f"stage.{stage.name}")
        log.info("job %s: started", self._spec.job_id)
        started_at, started = now_iso(), time.monotonic()
        self._work.start_stage(stage.name)
        stage.validate_input(context)
        checkpoints = self._work.checkpoints(
            stage.name,
            key=unfinished_key(key, made_with()),
            resumed=progress.resumed,
            report=context.report,
            pause=self._pause,
        )
        result = stage.execute(replace(context, checkpoints=checkpoints))
        receipt = self._sealed(stage, key, result, started_at, started)
        self._work.fence.check()
        if checkpoints is not None:
            # Not before the receipt: hashing hours of stems takes a while, and the process may be
            # killed meanwhile.
            checkpoints.forget()
        self._work.finish_stage(stage.name)
        for warning in receipt.warnings:
            log.warning("job %s: %s", self._spec.job_id, warning)
        log.info("job %s: completed in %.2f s", self._spec.job_id, receipt.duration_s)
        return receipt

    def _sealed(
        self,
        stage: PipelineStage[Any],
        key: str,
        result: StageResult,
        started_at: str,
        started: float,
    ) -> Receipt:
        """Deliver what a stage made and write its receipt. ``started``: of the monotonic clock."""
        self._work.deliver([*result.artifacts, *result.sidecars], stage.name, self._check)
        folder = self._work.temporary(stage.name)
        files = seal_files(folder, self._check)
        receipt = receipt_of(
            stage,
            key,
            result,
            files,
            started_at=started_at,
            completed_at=now_iso(),
            duration_s=time.monotonic() - started,
        )
        write_receipt(folder, receipt)
        return receipt

    def _context(self, stage: PipelineStage[Any], report: Report) -> StageContext:
        return StageContext(
            spec=self._spec,
            settings=self._settings,
            work_dir=self._work.path,
            out_dir=self._work.temporary(stage.name),
            report=report,
            separators=self._separators,
            song=self._song,
            tracks=dict(self._tracks),
        )

    def _key_of(
        self, stage: PipelineStage[Any], context: StageContext, previous: str | None
    ) -> str:
        return stage_key(
            input_digest=self._source.sha256,
            stage=stage.name,
            version=stage.version,
            params=stage.params.model_dump(mode="json"),
            key_material=stage.key_material(context),
            previous=previous,
        )

    def _key_in_advance(self, stage: PipelineStage[Any], previous: str | None) -> str:
        """The key of a stage before any stage has run."""
        return self._key_of(stage, self._context(stage, ignore_progress), previous)

    def _audio_s(self, receipt: Receipt) -> float:
        song = receipt.song or self._song
        return song.duration_s if song else 0.0

    def _named(self, error: BaseException) -> SeparationError:
        """An attempt that no longer owns the job's folder ends with ``WorkerLost``, whatever error
        it met."""
        if self._work.fence.is_lost:
            return WorkerLost("Another attempt has taken over this job.")
        return named_error(error, self._spec.job_dir)

    def _drop_useless_checkpoints(self, error: SeparationError) -> None:
        """After some errors the checkpoints of the failed stage would make every attempt fail: the
        disk has no room for a copy of them, or they hold what is wrong."""
        if self._work.fence.is_lost:
            self._work.drop_checkpoints()
        elif isinstance(error, _NOT_RESUMED):
            self._work.drop_checkpoints()
            self._work.remove_leftovers(self._stage_name)

    def _record_failure(self, error: SeparationError) -> None:
        """Log the error, write it to the manifest and send the event."""
        where = self._stage_name or "job"
        _log.log(
            _log_level(error),
            "job %s: %s ended: %s: %s",
            self._spec.job_id,
            where,
            error.code,
            error,
        )
        if not self._manifest_writer.has_begun:
            earlier = completed_manifest(self._spec)
            if earlier is not None:
                # Nothing ran, so the earlier attempt's result stays, and a retry finds it.
                self._events.failed(None, error, earlier)
                return
        try:
            if not self._work.fence.is_lost:
                self._spec.job_dir.mkdir(parents=True, exist_ok=True)
                self._manifest_writer.failed(self._stage_name, error)
        except OSError:
            # The disk may be what failed; the worker still receives the event below.
            _log.error("job %s: the manifest cannot be saved", self._spec.job_id, exc_info=True)
        self._events.failed(self._stage_name, error, self._manifest_writer.manifest)


def _log_level(error: SeparationError) -> int:
    """The level ``ERROR`` is for what somebody has to look into; a broken song is not that."""
    if isinstance(error, Cancelled):
        return logging.INFO
    return logging.ERROR if isinstance(error, Internal) else logging.WARNING
