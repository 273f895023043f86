"""One song's way to a service and back: ask, wait, fetch, and ask again for what is missing."""

import logging
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatWriter
from separation.base import SeparatorIdentity
from separation.errors import RemoteFailed, SeparationError
from separation.separators.neural.stems import StemChoice
from separation.separators.remote.audio import SongFile, WrongStem, adopt_stem, most_bytes
from separation.separators.remote.backoff import CancellableWait
from separation.separators.remote.http import Trouble
from separation.separators.remote.service_adapter import (
    JobFailed,
    JobGone,
    RemoteFile,
    ServiceAdapter,
    Wanted,
)
from separation.separators.remote.state import Asked, RemoteState
from separation.storage.atomic_files import digest_of

MAX_ASKS = 3
"""How often stems are asked for before a service counts as one that does not deliver them."""

SENT_AT = 0.15
DONE_AT = 0.85
"""Shares of the bar: sending, then the work of the service, then fetching."""

_log = logging.getLogger("separator.remote")


class RemoteJob:
    """Remembers in ``state`` what was asked, so that another attempt can go on."""

    def __init__(
        self, dialect: ServiceAdapter, state: RemoteState, heart: CancellableWait, wanted: Wanted
    ) -> None:
        self._dialect = dialect
        self._state = state
        self._heart = heart
        self._wanted = wanted
        self._last_job = ""

    def run(self, song: SongFile, stems: tuple[str, ...], output_dir: Path) -> None:
        """Bring every stem as ``output_dir/<stem>.wav``. Raises ``RemoteFailed``."""
        earlier = list(self._state.asked)
        missing, complaint = stems, ""
        for _ in range(MAX_ASKS):
            job_id = self._finished_job(song, missing, earlier)
            missing, complaint = self._fetch(job_id, song, missing, output_dir)
            self._last_job = job_id
            if not missing:
                return
            _log.warning("%s Asking again for %s.", complaint, ", ".join(missing))
        raise RemoteFailed(f"{complaint} It was asked {MAX_ASKS} times.")

    def told_identity(self) -> tuple[SeparatorIdentity, tuple[str, ...]]:
        return self._dialect.told_identity(self._last_job)

    def give_up(self) -> None:
        """Pass the end on to the service; what goes wrong with that changes nothing here."""
        self._heart.hush()
        for asked in self._state.asked:
            with suppress(Trouble, SeparationError):
                job_id = asked.job_id or self._dialect.find(asked)
                if job_id is not None:
                    self._dialect.give_up(job_id)
        self._state.forget()

    def clear_up(self) -> None:
        """Our stems are here: what the service still has of them is no use to anybody."""
        for asked in self._state.asked:
            if asked.job_id is not None:
                with suppress(Trouble, RemoteFailed):
                    self._dialect.remove(asked.job_id)

    def _finished_job(self, song: SongFile, missing: tuple[str, ...], earlier: list[Asked]) -> str:
        while earlier:
            asked = earlier.pop(0)
            try:
                job_id = self._accepted(song, asked, fresh=False)
                self._wait(job_id)
            except (JobGone, JobFailed) as error:
                # A new attempt is a new chance.
                _log.warning("the remote job of an earlier attempt is of no use: %s", error)
                self._state.drop(asked)
            else:
                return job_id
        asked = self._state.begin(missing)
        job_id = self._accepted(song, asked, fresh=True)
        try:
            self._wait(job_id)
        except JobGone:
            raise RemoteFailed(
                f"The remote service {self._dialect.host} has lost the job in the middle."
            ) from None
        return job_id

    def _accepted(self, song: SongFile, asked: Asked, *, fresh: bool) -> str:
        if asked.job_id is not None:
            return asked.job_id
        host = self._dialect.host
        self._heart.tell(0.0, f"Sending the song to {host}")
        job_id = self._dialect.submit(song, asked, self._wanted, fresh=fresh)
        self._state.accepted(asked, job_id)
        return job_id

    def _wait(self, job_id: str) -> None:
        """Until the job is done. It is asked often while it moves and seldom while it does not."""
        pauses = self._dialect.pauses()
        seen: object = None
        while True:
            look = self._dialect.look(job_id)
            if look.failure:
                raise JobFailed(
                    f"The remote service {self._dialect.host} could not separate the song: "
                    f"{look.failure.rstrip('.')}."
                )
            if look.done:
                return
            share = min(max(look.fraction, 0.0), 1.0)
            message = f"{self._dialect.host}: {look.message or 'working'}"
            self._heart.tell(SENT_AT + (DONE_AT - SENT_AT) * share, message)
            if look != seen:
                pauses.start_over()
            seen = look
            self._heart.wait(pauses.next_s())

    def _fetch(
        self, job_id: str, song: SongFile, stems: tuple[str, ...], output_dir: Path
    ) -> tuple[tuple[str, ...], str]:
        """The stems that are still missing or wrong, and what is wrong with the first."""
        offered = self._dialect.stems(job_id)
        missing, complaint = [], ""
        for place, stem in enumerate(stems):
            begin = DONE_AT + (1 - DONE_AT) * place / len(stems)
            self._heart.tell(begin, f"Fetching {stem} from {self._dialect.host}")
            try:
                self._bring(offered.get(stem), song.frames, output_dir / f"{stem}.wav")
            except WrongStem as error:
                missing.append(stem)
                complaint = complaint or (
                    f"The stem {stem!r} of the remote service {self._dialect.host} {error}."
                )
        return tuple(missing), complaint

    def _bring(self, file: RemoteFile | None, frames: int, target: Path) -> None:
        if file is None:
            raise WrongStem("is missing, though the job is complete")
        received = target.with_name(f".{target.name}.part")
        try:
            self._dialect.fetch(file.address, received, limit_bytes=most_bytes(frames))
            if file.sha256 and digest_of(received, self._heart.beat).sha256 != file.sha256:
                raise WrongStem("is not what the service says that it is (its digest differs)")
            adopt_stem(received, target, frames=frames, check=self._heart.beat)
        finally:
            received.unlink(missing_ok=True)


def arranged(choice: StemChoice, stems: tuple[str, ...], output_dir: Path) -> dict[str, Path]:
    """The files as they were asked for: with two stems the others become one."""
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
