"""Whether this process can still trust its GPU.

After a fault on the card every later call of the process may fail or answer wrongly, and nothing
but a new process helps (CUDA C++ Programming Guide, "Error Checking": such errors are sticky).
Imports no torch; where none was imported, no card was used.
"""

import sys
from typing import Any

_told = False


class DeviceFailed(Exception):
    """An accelerator broke during a run; the same work may succeed on the CPU."""


def note_failure() -> None:
    """A call to the device failed for another reason than memory."""
    global _told
    _told = True


def device_has_failed() -> bool:
    """Has the card failed since this process began? Asks it, where it is in use."""
    torch = _torch_with_card()
    if not _told and torch is not None:
        try:
            # What a kernel did wrong is told by the next call that waits for it.
            torch.cuda.synchronize()
        except (RuntimeError, AssertionError):
            note_failure()
    return _told


def free_device_cache() -> None:
    """Give back GPU memory that no tensor uses, unless the card has failed."""
    torch = _torch_with_card()
    if torch is not None and not device_has_failed():
        torch.cuda.empty_cache()


def _torch_with_card() -> Any:
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.cuda.is_initialized() else None
