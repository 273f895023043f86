"""Records whether the GPU has failed in this process.

After a fault on the GPU every later call of the process may fail or return wrong results, and only
a new process recovers (CUDA C++ Programming Guide, "Error Checking": such errors are sticky).
Imports no torch; a process that has not imported torch has not used a GPU.
"""

import sys
from typing import Any

_failed = False


class DeviceFailed(Exception):
    """An accelerator broke during a run; the same work may succeed on the CPU."""


def note_failure() -> None:
    """Record that a call to the device failed for another reason than memory."""
    global _failed
    _failed = True


def device_has_failed() -> bool:
    """Whether the GPU has failed since this process began. Queries the GPU where it is in use."""
    torch = _torch_with_card()
    if not _failed and torch is not None:
        try:
            # The next call that waits for a kernel reports the kernel's error.
            torch.cuda.synchronize()
        except (RuntimeError, AssertionError):
            note_failure()
    return _failed


def free_device_cache() -> None:
    """Release GPU memory that no tensor uses, unless the GPU has failed."""
    torch = _torch_with_card()
    if torch is not None and not device_has_failed():
        torch.cuda.empty_cache()


def _torch_with_card() -> Any:
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.cuda.is_initialized() else None
