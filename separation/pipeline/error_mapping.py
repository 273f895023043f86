"""Maps whatever was raised to the named error that the person reads."""

import errno
import logging
import shutil
from pathlib import Path

from separation.engine.health import DeviceFailed, device_has_failed
from separation.errors import (
    DiskFull,
    Internal,
    OutOfMemory,
    SeparationError,
    StorageUnavailable,
    WorkerLost,
)

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_RIGHTS = (errno.EACCES, errno.EPERM, errno.EROFS)
_FULL_BELOW_BYTES = 1 << 20
"""Less room than one block of audio. libsndfile then reports only "System error" or writes a short
file, so a failure on a disk this full counts as a full disk."""

_DISK_FULL = (
    "The disk is full. Free some space, or ask whoever runs this server to, and retry the job: "
    "the finished stages are kept."
)
_NOT_WRITABLE = (
    "The server cannot write to its folder for results. Ask whoever runs it to make that folder "
    "writable, and retry the job."
)
_OUT_OF_MEMORY = (
    "This machine ran out of memory. Retry with a smaller model or a shorter segment, "
    "or on a machine with more memory."
)
_DEVICE_FAILED = (
    "The GPU failed while it worked on this song. The job can be retried; its finished stages are "
    "kept."
)
_INTERNAL = "Something went wrong inside stemsite; the log of the server has the details."

_log = logging.getLogger("pipeline")


def named_error(error: BaseException, job_dir: Path) -> SeparationError:
    """The named error for ``error``. Only an unexpected one is logged with its traceback."""
    if isinstance(error, SeparationError):
        return error
    if _is_out_of_memory(error):
        return OutOfMemory(_OUT_OF_MEMORY)
    if isinstance(error, DeviceFailed) or (isinstance(error, RuntimeError) and device_has_failed()):
        _log.error("the device failed", exc_info=error)
        return WorkerLost(_DEVICE_FAILED)
    if _is_not_writable(error, job_dir):
        return StorageUnavailable(_NOT_WRITABLE)
    if _is_disk_full(error, job_dir):
        return DiskFull(_DISK_FULL)
    _log.error("unexpected failure", exc_info=error)
    return Internal(_INTERNAL)


def _is_out_of_memory(error: BaseException) -> bool:
    # torch has its own class, which must not be imported here.
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def _is_not_writable(error: BaseException, job_dir: Path) -> bool:
    if not isinstance(error, OSError) or error.errno not in _NO_RIGHTS:
        return False
    # Only the folder for results: a song or weights that cannot be read are another fault.
    return isinstance(error.filename, str) and Path(error.filename).is_relative_to(job_dir.parent)


def _is_disk_full(error: BaseException, job_dir: Path) -> bool:
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return True
    try:
        return shutil.disk_usage(job_dir).free < _FULL_BELOW_BYTES
    except OSError:
        return False
