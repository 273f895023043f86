"""The folder of a job's intermediates, as one attempt uses it.

A stage writes into a temporary folder that carries the name of the stage and of the attempt; when
the stage is done the folder is renamed to the stage's name. An attempt removes what earlier
attempts left, except folders with a checkpoint, from which it may resume.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from separation.progress import Report
from separation.stages.base import ArtifactRecord, SidecarRecord
from separation.storage.atomic_files import replace_folder, sync
from separation.storage.checkpoints import Checkpoints, find_earlier, has_checkpoint
from separation.storage.fence import AttemptFence
from separation.storage.leftovers import TEMPORARY_PREFIX, torn_files

WORK_FOLDER = "work"


def remove_work(job_dir: Path) -> None:
    """Remove a job's intermediates, if there are any; a retry then starts from the beginning."""
    shutil.rmtree(job_dir / WORK_FOLDER, ignore_errors=True)


class WorkFolder:
    """``job_dir/work`` during one attempt.

    ``checkpoint_s``: seconds between two checkpoints; 0 for none, and then no earlier one is kept.
    """

    def __init__(self, job_dir: Path, attempt_id: str, *, checkpoint_s: float) -> None:
        self.path = job_dir / WORK_FOLDER
        self.fence = AttemptFence(self.path, attempt_id)
        self._job_dir = job_dir
        self._attempt_id = attempt_id
        self._checkpoint_s = checkpoint_s
        self._keeps_checkpoints = checkpoint_s > 0
        self._leftovers: list[Path] = []

    def take(self) -> None:
        """Take the folder for this attempt and remove what earlier attempts left.

        Raises ``OSError``.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self.fence.take()
        # Every temporary folder that exists now belongs to an earlier attempt. An attempt resumes
        # from these only, and removes these only: one that wakes up late must not touch the
        # folders of a newer attempt.
        self._leftovers = self._remove_temporary("*")
        for torn in torn_files(self._job_dir):
            torn.unlink(missing_ok=True)

    def finished(self, stage: str) -> Path:
        """The folder of a finished stage."""
        return self.path / stage

    def temporary(self, stage: str) -> Path:
        """The folder into which a stage writes during this attempt."""
        return self.path / f"{TEMPORARY_PREFIX}{stage}-{self._attempt_id}"

    def start_stage(self, stage: str) -> None:
        """Create the empty temporary folder of a stage; its finished folder is removed.

        Raises ``WorkerLost`` or ``OSError``.
        """
        self.fence.check()
        shutil.rmtree(self.finished(stage), ignore_errors=True)
        # It exists already where the same attempt is run twice, which no worker should do.
        shutil.rmtree(self.temporary(stage), ignore_errors=True)
        self.temporary(stage).mkdir()

    def checkpoints(
        self,
        stage: str,
        *,
        key: str,
        resumed: Callable[[], None],
        report: Report,
        pause: Callable[[], bool],
    ) -> Checkpoints | None:
        """Checkpoints for a stage that starts now; None where none are kept.

        ``key`` identifies the unfinished output: only an earlier attempt with the same key is
        resumed from. ``resumed``, ``report`` and ``pause`` as in :class:`Checkpoints`.
        """
        if not self._keeps_checkpoints:
            return None
        temporary = self.temporary(stage)
        earlier = [path for path in self._leftovers_of(stage) if path != temporary]
        return Checkpoints(
            temporary,
            key=key,
            every_s=self._checkpoint_s,
            earlier=find_earlier(earlier, key),
            fenced=self.fence.check,
            resumed=resumed,
            report=report,
            pause=pause,
        )

    def deliver(
        self,
        records: Sequence[ArtifactRecord | SidecarRecord],
        stage: str,
        check: Callable[[], None],
    ) -> None:
        """Move final files of a stage to their places in the job's folder, each in one step.
        Several records may have one file.

        Raises ``WorkerLost``, ``OSError`` and what ``check`` raises.
        """
        folders = set()
        for path in dict.fromkeys(record.path for record in records):
            source, target = self.temporary(stage) / path, self._job_dir / path
            target.parent.mkdir(parents=True, exist_ok=True)
            sync(source)
            # Hours of sound take a while to reach a slow disk.
            check()
            self.fence.check()
            source.replace(target)
            folders.add(target.parent)
        for folder in folders:
            sync(folder)

    def finish_stage(self, stage: str) -> None:
        """Give the temporary folder of a stage its final name."""
        replace_folder(self.temporary(stage), self.finished(stage))

    def drop_checkpoints(self) -> None:
        """Keep no checkpoint when this attempt ends."""
        self._keeps_checkpoints = False

    def remove_leftovers(self, stage: str | None) -> None:
        """Remove what earlier attempts left of a stage."""
        for path in self._leftovers_of(stage):
            shutil.rmtree(path, ignore_errors=True)

    def end_attempt(self) -> None:
        """Remove the temporary folders of this attempt, except those with a checkpoint."""
        self._remove_temporary(self._attempt_id)

    def end_job(self, *, keep_finished: bool) -> None:
        """Remove what a completed job needs no more; ``keep_finished``: its stages stay."""
        if keep_finished:
            self.drop_checkpoints()
            self._remove_temporary("*")
        else:
            remove_work(self._job_dir)

    def _remove_temporary(self, attempt_id: str) -> list[Path]:
        """Remove temporary folders, and return those that stay because of a checkpoint."""
        kept = []
        for folder in sorted(self.path.glob(f"{TEMPORARY_PREFIX}*-{attempt_id}")):
            if self._keeps_checkpoints and has_checkpoint(folder):
                kept.append(folder)
            else:
                shutil.rmtree(folder, ignore_errors=True)
        return kept

    def _leftovers_of(self, stage: str | None) -> list[Path]:
        prefix = f"{TEMPORARY_PREFIX}{stage}-"
        return [path for path in self._leftovers if path.name.startswith(prefix)]
