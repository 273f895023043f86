"""What the decoding child gives up before it looks at the first hostile byte.

Linux only in part: where a call is missing (another system, an old kernel), the remaining walls
stand. The parent's wall clock and kill need none of this.
"""

import resource
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass

from separation.sandbox.landlock import restrict_files
from separation.sandbox.namespaces import drop_capabilities
from separation.sandbox.system_calls import filter_calls
from separation.system.import_root import PACKAGE
from separation.system.processes import end_with_parent, prctl

_PR_SET_NO_NEW_PRIVS = 38
MAX_OPEN_FILES = 32

_SHARED_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/dev/null")


@dataclass(frozen=True)
class Confinement:
    """Which walls stand: a filter of ``system_calls``, and one around ``files``."""

    system_calls: bool
    files: bool


def confine(
    *,
    memory_bytes: int,
    cpu_s: float,
    file_bytes: int,
    readable: Iterable[str] = (),
    writable: Iterable[str] = (),
    network: bool = False,
) -> Confinement:
    """Limit this process for good. Call it after the imports: they start threads.

    ``file_bytes`` limits each file written; ``cpu_s`` processor time. From here on the process
    starts no programs or threads, opens no sockets (unless ``network``), reaches no files but
    Python's own and those named (``writable``: folders), and it dies with its parent.
    """
    _limit(resource.RLIMIT_AS, memory_bytes)
    # A second of grace: at the hard limit the kernel kills without saying why.
    _limit(resource.RLIMIT_CPU, max(int(cpu_s), 1), grace=1)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    if sys.platform != "linux":
        return Confinement(system_calls=False, files=False)
    drop_capabilities()
    end_with_parent()
    if not prctl(_PR_SET_NO_NEW_PRIVS, 1):
        return Confinement(system_calls=False, files=False)
    may_read = (*_python_folders(), *_SHARED_LIBRARIES, *readable)
    files = restrict_files(readable=may_read, writable=writable, network=network)
    return Confinement(system_calls=filter_calls(network=network), files=files)


def _python_folders() -> set[str]:
    """Where modules come from: some, such as codecs, are imported only when they are met."""
    places = ("stdlib", "platstdlib", "purelib", "platlib")
    return {str(PACKAGE), *(sysconfig.get_path(place) for place in places)}


def _limit(kind: int, value: int, *, grace: int = 0) -> None:
    _, hard = resource.getrlimit(kind)
    most = value + grace
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (min(value, most), most))
