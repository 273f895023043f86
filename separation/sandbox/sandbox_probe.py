"""Detection of the sandbox layers that this system has: a child process applies them once."""

import functools
import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass

from separation.sandbox.landlock import version
from separation.sandbox.namespaces import Namespaces
from separation.sandbox.system_calls import can_filter_calls
from separation.system.import_root import IMPORT_ROOT

_log = logging.getLogger(__name__)

_PROBE = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from separation.sandbox.namespaces import leave_network; namespaces = leave_network(); "
    "import json; from separation.sandbox.confine import confine; "
    "confinement = confine(memory_bytes=2**31, cpu_s=10, file_bytes=0); "
    "print(json.dumps([namespaces, confinement.system_calls, confinement.files]))"
)
_PROBE_S = 30.0


@dataclass(frozen=True)
class SandboxState:
    """The layers in force. Limits of memory, time and files apply wherever Python has
    ``resource``."""

    namespaces: Namespaces = "none"
    system_calls: bool = False
    files: bool = False

    @property
    def without_network(self) -> bool:
        return self.system_calls or self.namespaces != "none"

    @property
    def words(self) -> str:
        """One line for the operator."""
        in_force = [
            "limits of memory, time, files and processes",
            *(["no sockets or programs (seccomp)"] if self.system_calls else []),
            *(["a network of its own (unshare)"] if self.namespaces != "none" else []),
            *(["no files but those of the song (Landlock)"] if self.files else []),
        ]
        missing = [
            *([] if self.system_calls else ["seccomp"]),
            *([] if self.namespaces != "none" else ["namespaces"]),
            *([] if self.files else ["Landlock"]),
        ]
        lacks = f"; this host does not offer {', '.join(missing)}" if missing else ""
        return f"{', '.join(in_force)}{lacks}"


def likely_complete() -> bool:
    """Whether this system should have the two layers that need no privileges. Queries the kernel
    and starts no process, unlike :func:`sandbox_state`."""
    return can_filter_calls() and bool(version())


@functools.cache
def sandbox_state() -> SandboxState:
    """Return the layers of this system; the result is cached in each process. The first call takes
    about as long as a start of Python."""
    command = [sys.executable, "-I", "-c", _PROBE, str(IMPORT_ROOT)]
    try:
        done = subprocess.run(
            command, capture_output=True, env={}, check=True, timeout=_PROBE_S, cwd=os.sep
        )
        namespaces, system_calls, files = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        _log.exception("the sandbox of uploads cannot be tried")
        return SandboxState()
    return SandboxState(namespaces, system_calls, files)
