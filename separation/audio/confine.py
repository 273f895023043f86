"""What the decoding child gives up before it looks at the first hostile byte.

Linux only in part: where a call is missing (another system, an old kernel), the remaining walls
stand. The parent's wall clock and kill need none of this.
"""

import ctypes
import platform
import resource
import sys

from separation.processes import end_with_parent, prctl

_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

# linux/seccomp.h, linux/audit.h and the system call tables of the two architectures.
_RET_ALLOW = 0x7FFF0000
_RET_EPERM = 0x00050000 | 1
_ARCHITECTURES: dict[str, tuple[int, tuple[int, ...]]] = {
    # socket connect socketpair clone fork vfork execve ptrace bpf execveat io_uring clone3
    "x86_64": (0xC000003E, (41, 42, 53, 56, 57, 58, 59, 101, 321, 322, 425, 435)),
    "aarch64": (0xC00000B7, (198, 203, 199, 220, 221, 117, 280, 281, 425, 435)),
}
_X32_BIT = 0x40000000

# linux/bpf_common.h: load a word, jump if equal or at least, return.
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jump_true", ctypes.c_uint8),
        ("jump_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


def confine(*, memory_bytes: int, cpu_s: float, file_bytes: int) -> None:
    """Limit this process for good. Call it after the imports: they start threads.

    ``file_bytes`` limits each file written; ``cpu_s`` processor time. From here on the process
    opens no sockets and starts no programs or threads, and it dies with its parent.
    """
    _limit(resource.RLIMIT_AS, memory_bytes)
    # A second of grace: at the hard limit the kernel kills without saying why.
    _limit(resource.RLIMIT_CPU, max(int(cpu_s), 1), grace=1)
    _limit(resource.RLIMIT_FSIZE, file_bytes)
    _limit(resource.RLIMIT_NOFILE, 32)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    if sys.platform == "linux":
        end_with_parent()
        if prctl(_PR_SET_NO_NEW_PRIVS, 1):
            _filter_calls()


def _limit(kind: int, value: int, *, grace: int = 0) -> None:
    _, hard = resource.getrlimit(kind)
    most = value + grace
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (min(value, most), most))


def _filter_calls() -> None:
    """A seccomp filter: the named calls fail with EPERM, all others pass."""
    if platform.machine() not in _ARCHITECTURES:
        return
    architecture, forbidden = _ARCHITECTURES[platform.machine()]
    count = len(forbidden)
    # Each jump leads to the EPERM at the very end; offsets count from the next instruction.
    steps = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQUAL, 0, count + 3, architecture),
        (_LOAD, 0, 0, 0),
        (_JUMP_AT_LEAST, count + 1, 0, _X32_BIT),
        *((_JUMP_EQUAL, count - index, 0, call) for index, call in enumerate(forbidden)),
        (_RETURN, 0, 0, _RET_ALLOW),
        (_RETURN, 0, 0, _RET_EPERM),
    ]
    code = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    program = _Program(len(steps), code)
    prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program))
