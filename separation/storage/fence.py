"""Keeps an attempt that was given up from touching the files of the one that took its place.

A worker may be silent for so long that its job goes to another, and then wake up with its runner
in the middle of a stage. The database refuses its writes; this is the same for the job's folder.
"""

from pathlib import Path

from separation.errors import WorkerLost
from separation.storage.atomic_files import write_durably

_HOLDER = ".holder"


class AttemptFence:
    """``work``: the job's folder of intermediates, in which the latest attempt leaves its name."""

    def __init__(self, work: Path, attempt_id: str) -> None:
        self._file = work / _HOLDER
        self._name = attempt_id.encode()
        self._taken = False

    def take(self) -> None:
        """From now on the folder is this attempt's. Raises ``OSError``."""
        write_durably(self._file, self._name)
        self._taken = True

    @property
    def is_lost(self) -> bool:
        """Did another attempt take the folder after this one, or finish and remove it?"""
        if not self._taken:
            return False
        try:
            return self._file.read_bytes() != self._name
        except FileNotFoundError:
            return True

    def check(self) -> None:
        """Raises ``WorkerLost``."""
        if self.is_lost:
            raise WorkerLost("Another attempt has taken over this job.")
