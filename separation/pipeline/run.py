"""Runs a job's stages in order so that it may be stopped, killed and taken up again anywhere.

A stage writes into a temporary folder; when it is done its files are pushed to disk and hashed, a
receipt is added last and the folder gets its final name in ``job_dir/work``. The next attempt keeps
every stage whose receipt answers the same question and whose files are intact, and a long stage
goes on at its last checkpoint (:mod:`separation.storage.checkpoints`). Delivered files move to
their folders in ``job_dir`` one by one, complete or not at all. An attempt that was given up and
goes on nevertheless is kept out by :mod:`separation.storage.fence`.
"""

import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
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
from separation.pipeline.error_mapping import named_error
from separation.pipeline.events import EventSender, Observer
from separation.pipeline.job_progress import JobProgress, Rates
from separation.pipeline.manifest import (
    MANIFEST_NAME,
    Manifest,
    StageRecord,
    load_manifest,
    verify_manifest,
)
from separation.pipeline.manifest_migrations import ManifestUnreadable
from separation.pipeline.manifest_writer import ManifestWriter, made_with, now_iso, told_parameters
from separation.pipeline.receipts import (
    Receipt,
    load_receipt,
    receipt_of,
    seal_files,
    stage_key,
    unfinished_key,
    write_receipt,
)
from separation.progress import Report, ignore_progress, never_stop
from separation.protocol.jobspec import JobSpec
from separation.settings import CoreSettings
from separation.stage_table import PREPARE, RUNS_SEPARATORS
from separation.stages.base import (
    ArtifactRecord,
    PipelineStage,
    SeparatorSource,
    SidecarRecord,
    Song,
    StageContext,
)
from separation.stages.registry import check_pipeline
from separation.storage.atomic_files import FileDigest, replace_folder, sync
from separation.storage.checkpoints import Checkpoints, find_earlier, has_checkpoint
from separation.storage.fence import AttemptFence
from separation.storage.leftovers import TEMPORARY_PREFIX, torn_files
from separation.storage.source_file import digest_source

WORK_FOLDER = "work"
_NOT_CONTINUED = (DiskFull, Internal, OutputInvalid)
"""After these a stage starts over: what it has written is in the way, or may be what is wrong."""
_log = logging.getLogger("pipeline")


def run_pipeline(
    spec: JobSpec,
    settings: CoreSettings,
    *,
    separators: SeparatorSource,
    observer: Observer,
    check: Callable[[], None] = never_stop,
    rates: Rates | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Manifest:
    """Run a job and return its manifest, which then also lies in ``spec.job_dir``.

    ``check`` is called at every progress report and while files are hashed, and raises
    (``Cancelled``, ``WorkerLost``) when the job is to stop. ``rates`` carries measured speeds from
    job to job. Raises ``SeparationError`` of every kind, after the manifest says so and
    ``observer`` was told.
    """
    run = _JobRun(spec, settings, separators, observer, check, rates or Rates(), clock)
    return run.to_the_end()


def remove_work(job_dir: Path) -> None:
    """Drop a job's intermediates; a retry then begins anew. Fine when there are none."""
    shutil.rmtree(job_dir / WORK_FOLDER, ignore_errors=True)


class _JobRun:
    def __init__(
        self,
        spec: JobSpec,
        settings: CoreSettings,
        separators: SeparatorSource,
        observer: Observer,
        check: Callable[[], None],
        rates: Rates,
        clock: Callable[[], float],
    ) -> None:
        self._spec = spec
        self._settings = settings
        self._separators = separators
        self._observe = observer
        self._tell = EventSender(spec.job_id, observer)
        self._check = check
        self._rates = rates
        self._clock = clock
        self._work = spec.job_dir / WORK_FOLDER
        self._fence = AttemptFence(self._work, spec.attempt_id)
        self._manifest_writer = ManifestWriter(spec, self._fence)
        self._stage_name: str | None = None
        self._song: Song | None = None
        self._tracks: dict[str, Track] = {}
        self._key: str | None = None
        self._source = FileDigest(sha256="", size=0)
        self._keeps_checkpoints = settings.checkpoint_s > 0
        self._left: list[Path] = []

    def to_the_end(self) -> Manifest:
        # SystemExit too: command line code inside libraries calls sys.exit on bad input.
        try:
            return self._run()
        except (Exception, SystemExit) as error:
            named = self._named(error)
            if self._fence.is_lost:
                self._keeps_checkpoints = False
            elif isinstance(named, _NOT_CONTINUED):
                self._keeps_checkpoints = False
                self._remove_left()
            self._end_badly(named)
            if named is error:
                raise
            raise named from error
        finally:
            self._remove_temporary(self._spec.attempt_id)

    def _remove_temporary(self, attempt_id: str) -> list[Path]:
        """Remove folders of stages that did not come to their end; those stay, and are returned,
        that hold a checkpoint for the next attempt."""
        kept = []
        for folder in sorted(self._work.glob(f"{TEMPORARY_PREFIX}*-{attempt_id}")):
            if self._keeps_checkpoints and has_checkpoint(folder):
                kept.append(folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)
        return kept

    def _remove_left(self) -> None:
        """Remove what earlier attempts left of the stage that failed: a copy for which there is no
        room, or which fails in another way, would fail in every attempt."""
        for path in self._left_of(self._stage_name):
            shutil.rmtree(path, ignore_errors=True)

    def _left_of(self, stage_name: str | None) -> list[Path]:
        mine = f"{TEMPORARY_PREFIX}{stage_name}-"
        return [path for path in self._left if path.name.startswith(mine)]

    def _named(self, error: BaseException) -> SeparationError:
        """Whatever happens to an attempt that lost its folder comes of that."""
        if self._fence.is_lost:
            return WorkerLost("Another attempt has taken over this job.")
        return named_error(error, self._spec.job_dir)

    def _run(self) -> Manifest:
        stages = check_pipeline(self._spec.pipeline)
        self._work.mkdir(parents=True, exist_ok=True)
        self._fence.take()
        # Of every attempt: all others are older than this one. Only of these does it go on, and
        # only these does it remove: one that wakes up late must not touch those of a newer one.
        self._left = self._remove_temporary("*")
        for torn in torn_files(self._spec.job_dir):
            torn.unlink(missing_ok=True)
        self._source = digest_source(self._spec.input_path, self._check)
        earlier = self._completed_before(stages)
        if earlier is not None:
            self._drop_work()
            self._tell.finished_before(earlier)
            return earlier
        self._manifest_writer.begin(stages, self._source)
        progress = JobProgress(
            self._spec.job_id,
            stages,
            send=self._observe,
            check=self._check,
            rates=self._rates,
            clock=self._clock,
        )
        for stage in stages:
            self._run_stage(stage, progress)
        self._stage_name = None
        self._manifest_writer.completed()
        self._drop_work()
        self._tell.finished(self._manifest_writer.manifest)
        return self._manifest_writer.manifest

    def _drop_work(self) -> None:
        if self._settings.keep_work:
            self._keeps_checkpoints = False
            self._remove_temporary("*")
        else:
            remove_work(self._spec.job_dir)

    def _run_stage(self, stage: PipelineStage[Any], progress: JobProgress) -> None:
        self._stage_name = stage.name
        report = progress.begin(stage)
        self._tell.stage_started(stage, progress.percent)
        self._manifest_writer.stage_began(stage.name)
        report(0.0, stage.activity)
        context = self._context(stage, report)
        key = self._next_key(stage, context)
        receipt = load_receipt(
            self._work / stage.name, key=key, job_dir=self._spec.job_dir, check=self._check
        )
        reused = receipt is not None
        if receipt is None:
            receipt = self._execute(stage, context, key, progress)
            if not receipt.details.get("resumed_at_s"):
                self._rates.remember(stage, receipt.duration_s, self._audio_s(receipt))
        self._song = receipt.song or self._song
        progress.audio_s = self._audio_s(receipt)
        self._tracks.update({track.name: track for track in receipt.tracks})
        self._key = key
        self._manifest_writer.stage_ended(receipt, reused=reused)
        manifest = self._manifest_writer.manifest
        self._tell.stage_finished(manifest.stage(stage.name), manifest, reused=reused)

    def _context(self, stage: PipelineStage[Any], report: Report) -> StageContext:
        return StageContext(
            spec=self._spec,
            settings=self._settings,
            work_dir=self._work,
            out_dir=self._work / f"{TEMPORARY_PREFIX}{stage.name}-{self._spec.attempt_id}",
            report=report,
            separators=self._separators,
            song=self._song,
            tracks=dict(self._tracks),
        )

    def _checkpoints(
        self, stage: PipelineStage[Any], context: StageContext, key: str, progress: JobProgress
    ) -> Checkpoints | None:
        if not self._keeps_checkpoints:
            return None
        left = [path for path in self._left_of(stage.name) if path != context.out_dir]
        key = unfinished_key(key, made_with())
        return Checkpoints(
            context.out_dir,
            key=key,
            every_s=self._settings.checkpoint_s,
            earlier=find_earlier(left, key),
            fenced=self._fence.check,
            resumed=progress.resumed,
            report=context.report,
        )

    def _next_key(self, stage: PipelineStage[Any], context: StageContext) -> str:
        return stage_key(
            input_digest=self._source.sha256,
            stage=stage.name,
            version=stage.version,
            params=stage.params.model_dump(mode="json"),
            key_material=stage.key_material(context),
            previous=self._key,
        )

    def _execute(
        self, stage: PipelineStage[Any], context: StageContext, key: str, progress: JobProgress
    ) -> Receipt:
        log = logging.getLogger(f"stage.{stage.name}")
        log.info("job %s: started", self._spec.job_id)
        started_at, started = now_iso(), time.monotonic()
        self._fence.check()
        shutil.rmtree(self._work / stage.name, ignore_errors=True)
        # There already when the same attempt is run again, which nobody should do.
        shutil.rmtree(context.out_dir, ignore_errors=True)
        context.out_dir.mkdir()
        stage.validate_input(context)
        checkpoints = self._checkpoints(stage, context, key, progress)
        result = stage.execute(replace(context, checkpoints=checkpoints))
        self._deliver([*result.artifacts, *result.sidecars], context.out_dir)
        files = seal_files(context.out_dir, self._check)
        receipt = receipt_of(
            stage,
            key,
            result,
            files,
            started_at=started_at,
            completed_at=now_iso(),
            duration_s=time.monotonic() - started,
        )
        write_receipt(context.out_dir, receipt)
        self._fence.check()
        if checkpoints is not None:
            # Not sooner: hours of stems take a while to be hashed, and a kill may come meanwhile.
            checkpoints.forget()
        replace_folder(context.out_dir, self._work / stage.name)
        for warning in receipt.warnings:
            log.warning("job %s: %s", self._spec.job_id, warning)
        log.info("job %s: completed in %.2f s", self._spec.job_id, receipt.duration_s)
        return receipt

    def _deliver(self, records: Sequence[ArtifactRecord | SidecarRecord], out_dir: Path) -> None:
        """Move final files to their places, each in one step."""
        folders = set()
        for record in records:
            target = self._spec.job_dir / record.path
            target.parent.mkdir(parents=True, exist_ok=True)
            sync(out_dir / record.path)
            # Hours of sound take a while to reach a slow disk.
            self._check()
            self._fence.check()
            (out_dir / record.path).replace(target)
            folders.add(target.parent)
        for folder in folders:
            sync(folder)

    def _audio_s(self, receipt: Receipt) -> float:
        song = receipt.song or self._song
        return song.duration_s if song else 0.0

    def _completed_before(self, stages: list[PipelineStage[Any]]) -> Manifest | None:
        """The manifest of an earlier attempt that did exactly this and whose files are intact.

        A worker may die after its runner finished the job and before it wrote that down.
        """
        try:
            earlier = load_manifest(self._spec.job_dir / MANIFEST_NAME)
        except (OSError, ManifestUnreadable):
            return None
        same_job = earlier.job_id == self._spec.job_id and earlier.status == "completed"
        if not same_job or [record.name for record in earlier.stages] != [s.name for s in stages]:
            return None
        if not self._same_question(stages, earlier.stages):
            return None
        return earlier if not verify_manifest(self._spec.job_dir, self._check) else None

    def _same_question(
        self, stages: list[PipelineStage[Any]], records: tuple[StageRecord, ...]
    ) -> bool:
        """Do finished stages answer what is asked now? Keys count as far as they can be known
        without running anything; what follows the separators is decided by them and its
        parameters."""
        asked = [(stage.version, told_parameters(stage)) for stage in stages]
        if asked != [(record.version, record.parameters) for record in records]:
            return False
        self._key, keys = None, []
        for stage in stages:
            if stage.name in (PREPARE, *RUNS_SEPARATORS):
                self._stage_name = stage.name
                self._key = self._next_key(stage, self._context(stage, ignore_progress))
                keys.append((stage.name, self._key))
        self._key = self._stage_name = None
        known = {record.name: record.key for record in records}
        return all(known[name] == key for name, key in keys)

    def _end_badly(self, error: SeparationError) -> None:
        where = self._stage_name or "job"
        _log.log(
            _log_level(error),
            "job %s: %s ended: %s: %s",
            self._spec.job_id,
            where,
            error.code,
            error,
        )
        try:
            if not self._fence.is_lost:
                self._spec.job_dir.mkdir(parents=True, exist_ok=True)
                self._manifest_writer.ended_badly(self._stage_name, error)
        except OSError:
            # The disk may be what failed; the event below still tells the worker.
            _log.error("job %s: the manifest cannot be saved", self._spec.job_id, exc_info=True)
        self._tell.failed(self._stage_name, error, self._manifest_writer.manifest)


def _log_level(error: SeparationError) -> int:
    """An error is what somebody has to look into; a song that is no song is not that."""
    if isinstance(error, Cancelled):
        return logging.INFO
    return logging.ERROR if isinstance(error, Internal) else logging.WARNING
