"""Runs one song on a service: submit, wait, fetch, and submit again for missing stems."""

import logging
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatWriter
from separation.base import SeparatorIdentity
from separation.errors import RemoteFailed, SeparationError
from separation.separators.neural.stems import StemSelection
from separation.separators.remote.audio import SongFile, WrongStem, adopt_stem, max_stem_bytes
from separation.separators.remote.backoff import CancellableWait
from separation.separators.remote.http import TransientError
from separation.separators.remote.service_adapter import (
    JobFailed,
    JobGone,
    RemoteFile,
    RemoteRequest,
    ServiceAdapter,
)
from separation.separators.remote.state import JobRecord, RemoteState
from separation.storage.atomic_files import digest_of

MAX_REQUESTS = 3
"""How often stems are requested before the job fails for missing stems."""

SENT_AT = 0.15
DONE_AT = 0.85
"""Shares of the progress at which sending ends and at which fetching begins."""

_log = logging.getLogger("separator.remote")


class RemoteJob:
    """Records its requests in ``state``, so that another attempt can continue."""

    def __init__(
        self,
        adapter: ServiceAdapter,
        state: RemoteState,
        waiter: CancellableWait,
        request: RemoteRequest,
    ) -> None:
        self._adapter = adapter
        self._state = state
        self._waiter = waiter
        self._request = request
        self._last_job = ""

    def run(self, song: SongFile, stems: tuple[str, ...], output_dir: Path) -> None:
        """Fetch every stem to ``output_dir/<stem>.wav``. Raises ``RemoteFailed``."""
        earlier = list(self._state.records)
        missing, complaint = stems, ""
        for _ in range(MAX_REQUESTS):
            job_id = self._finished_job(song, missing, earlier)
            missing, complaint = self._fetch(job_id, song, missing, output_dir)
            self._last_job = job_id
            if not missing:
                return
            _log.warning("%s Asking again for %s.", complaint, ", ".join(missing))
        raise RemoteFailed(f"{complaint} It was asked {MAX_REQUESTS} times.")

    def reported_identity(self) -> tuple[SeparatorIdentity, tuple[str, ...]]:
        return self._adapter.reported_identity(self._last_job)

    def cancel(self) -> None:
        """Cancel the jobs on the service. Errors of the service are ignored."""
        self._waiter.ignore_cancel()
        for record in self._state.records:
            with suppress(TransientError, SeparationError):
                job_id = record.job_id or self._adapter.find(record)
                if job_id is not None:
                    self._adapter.cancel(job_id)
        self._state.forget()

    def clean_up(self) -> None:
        """Delete the jobs on the service, which are no longer needed. Errors are ignored."""
        for record in self._state.records:
            if record.job_id is not None:
                with suppress(TransientError, RemoteFailed):
                    self._adapter.remove(record.job_id)

    def _finished_job(
        self, song: SongFile, missing: tuple[str, ...], earlier: list[JobRecord]
    ) -> str:
        while earlier:
            record = earlier.pop(0)
            try:
                job_id = self._accepted(song, record, fresh=False)
                self._wait(job_id)
            except (JobGone, JobFailed) as error:
                # A new job may succeed where the earlier one failed.
                _log.warning("the remote job of an earlier attempt is of no use: %s", error)
                self._state.drop(record)
            else:
                return job_id
        record = self._state.begin(missing)
        job_id = self._accepted(song, record, fresh=True)
        try:
            self._wait(job_id)
        except JobGone:
            raise RemoteFailed(
                f"The remote service {self._adapter.host} has lost the job in the middle."
            ) from None
        return job_id

    def _accepted(self, song: SongFile, record: JobRecord, *, fresh: bool) -> str:
        if record.job_id is not None:
            return record.job_id
        host = self._adapter.host
        self._waiter.report_progress(0.0, f"Sending the song to {host}")
        job_id = self._adapter.submit(song, record, self._request, fresh=fresh)
        self._state.accepted(record, job_id)
        return job_id

    def _wait(self, job_id: str) -> None:
        """Wait until the job is done. Polls often while it makes progress and rarely otherwise."""
        pauses = self._adapter.pauses()
        last_status: object = None
        while True:
            status = self._adapter.status(job_id)
            if status.failure:
                raise JobFailed(
                    f"The remote service {self._adapter.host} could not separate the song: "
                    f"{status.failure.rstrip('.')}."
                )
            if status.done:
                return
            share = min(max(status.fraction, 0.0), 1.0)
            message = f"{self._adapter.host}: {status.message or 'working'}"
            self._waiter.report_progress(SENT_AT + (DONE_AT - SENT_AT) * share, message)
            if status != last_status:
                pauses.start_over()
            last_status = status
            self._waiter.wait(pauses.next_s())

    def _fetch(
        self, job_id: str, song: SongFile, stems: tuple[str, ...], output_dir: Path
    ) -> tuple[tuple[str, ...], str]:
        """Fetch the stems. Returns those that are missing or wrong, and the first one's fault."""
        offered = self._adapter.stems(job_id)
        missing, complaint = [], ""
        for place, stem in enumerate(stems):
            begin = DONE_AT + (1 - DONE_AT) * place / len(stems)
            self._waiter.report_progress(begin, f"Fetching {stem} from {self._adapter.host}")
            try:
                self._download(offered.get(stem), song.frames, output_dir / f"{stem}.wav")
            except WrongStem as error:
                missing.append(stem)
                complaint = complaint or (
                    f"The stem {stem!r} of the remote service {self._adapter.host} {error}."
                )
        return tuple(missing), complaint

    def _download(self, file: RemoteFile | None, frames: int, target: Path) -> None:
        if file is None:
            raise WrongStem("is missing, though the job is complete")
        received = target.with_name(f".{target.name}.part")
        try:
            self._adapter.fetch(file.address, received, limit_bytes=max_stem_bytes(frames))
            if file.sha256 and digest_of(received, self._waiter.beat).sha256 != file.sha256:
                raise WrongStem("is not what the service says that it is (its digest differs)")
            adopt_stem(received, target, frames=frames, check=self._waiter.beat)
        finally:
            received.unlink(missing_ok=True)


def arranged(choice: StemSelection, stems: tuple[str, ...], output_dir: Path) -> dict[str, Path]:
    """The requested files: with two stems, the other stems are summed into one."""
    if choice.single is not None:
        with ExitStack() as stack:
            readers = [
                stack.enter_context(BlockReader(output_dir / f"{stem}.wav")) for stem in stems
            ]
            rest = output_dir / f"{choice.outputs[1]}.wav"
            writer = stack.enter_context(FloatWriter(rest))
            for start in range(0, readers[0].frames, BLOCK_FRAMES):
                count = min(BLOCK_FRAMES, readers[0].frames - start)
                block = np.stack([reader.read(start, count) for reader in readers])
                writer.write(choice.arrange(block)[choice.outputs[1]])
        for stem in stems:
            if stem not in choice.outputs:
                (output_dir / f"{stem}.wav").unlink()
    return {stem: output_dir / f"{stem}.wav" for stem in choice.outputs}
