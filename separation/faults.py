"""Turns whatever was raised into the error that the person is told."""

import errno
import logging
import shutil
from pathlib import Path

from separation.errors import DiskFull, Internal, OutOfMemory, SeparationError

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_BELOW_BYTES = 1 << 20
"""Less room than one block of audio: libsndfile says only "System error" or writes short, so a
failure next to a full disk is put down to the disk."""

_DISK_FULL = (
    "The disk is full. Free some space, or ask whoever runs this server to, and retry the job: "
    "the finished stages are kept."
)
_OUT_OF_MEMORY = (
    "This machine ran out of memory. Retry with a smaller model or a shorter segment, "
    "or on a machine with more memory."
)
_INTERNAL = "Something went wrong inside stemsite; the log of the server has the details."

_log = logging.getLogger("pipeline")


def named_error(error: BaseException, job_dir: Path) -> SeparationError:
    """The named error for ``error``; a traceback goes to the log only for what nobody foresaw."""
    if isinstance(error, SeparationError):
        return error
    if _is_out_of_memory(error):
        return OutOfMemory(_OUT_OF_MEMORY)
    if _is_disk_full(error, job_dir):
        return DiskFull(_DISK_FULL)
    _log.error("unexpected failure", exc_info=error)
    return Internal(_INTERNAL)


def _is_out_of_memory(error: BaseException) -> bool:
    # torch has its own class, which must not be imported here.
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def _is_disk_full(error: BaseException, job_dir: Path) -> bool:
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return True
    try:
        return shutil.disk_usage(job_dir).free < _FULL_BELOW_BYTES
    except OSError:
        return False
