"""The rights that the decoding child gives up before it reads the first hostile byte.

Some layers exist only on Linux. Where a system call is missing (another system, an old kernel), the
other layers still apply. The time limit of the parent, which kills the child, needs none of them.
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
    """The layers in force: a filter of ``system_calls``, and a restriction of ``files``."""

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
    """Confine this process permanently. Call it after the imports, which start threads.

    ``file_bytes`` limits each file that is written; ``cpu_s`` limits processor time. From now on
    the process cannot start programs or threads and cannot open sockets (unless ``network``). It
    reaches only Python's own files and the named ones (``writable``: folders), and it dies with its
    parent.
    """
    _limit(resource.RLIMIT_AS, memory_bytes)
    # A second of grace, as the kernel kills with SIGKILL, without a reason, at the hard limit.
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
    """Return the folders of modules: some, such as codecs, are imported only at first use."""
    places = ("stdlib", "platstdlib", "purelib", "platlib")
    return {str(PACKAGE), *(sysconfig.get_path(place) for place in places)}


def _limit(kind: int, value: int, *, grace: int = 0) -> None:
    _, hard = resource.getrlimit(kind)
    most = value + grace
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (min(value, most), most))
