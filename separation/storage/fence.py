"""Keeps an attempt that lost its job from changing the files of the attempt that replaced it.

A worker may be silent for so long that another worker takes its job. It may then wake up with its
runner in the middle of a stage. The database refuses its writes, and this fence protects the job's
folder.
"""

from pathlib import Path

from separation.errors import WorkerLost
from separation.storage.atomic_files import write_durably

_HOLDER = ".holder"


class AttemptFence:
    """``work``: the job's folder of intermediates, in which the latest attempt writes its id."""

    def __init__(self, work: Path, attempt_id: str) -> None:
        self._file = work / _HOLDER
        self._name = attempt_id.encode()
        self._taken = False

    def take(self) -> None:
        """Take the folder for this attempt. Raises ``OSError``."""
        write_durably(self._file, self._name)
        self._taken = True

    @property
    def is_lost(self) -> bool:
        """Whether another attempt took the folder after this one, or finished and removed it."""
        if not self._taken:
            return False
        try:
            return self._file.read_bytes() != self._name
        except FileNotFoundError:
            return True

    def check(self) -> None:
        """Raise ``WorkerLost`` if the folder is lost."""
        if self.is_lost:
            raise WorkerLost("Another attempt has taken over this job.")
