"""A filter of system calls (seccomp, Linux): the listed calls fail with EPERM, all others pass."""

import ctypes
import platform
import sys

from separation.system.processes import prctl

_PR_GET_SECCOMP = 21
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

# linux/seccomp.h, linux/audit.h and the system call tables of the two architectures.
_RET_ALLOW = 0x7FFF0000
_RET_EPERM = 0x00050000 | 1
_X32_BIT = 0x40000000

_AUDIT_NAMES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_PROGRAMS = {
    # clone fork vfork execve execveat clone3
    "x86_64": (56, 57, 58, 59, 322, 435),
    "aarch64": (220, 221, 281, 435),
}
_NETWORK = {
    # socket connect socketpair
    "x86_64": (41, 42, 53),
    "aarch64": (198, 203, 199),
}
_NEVER = {
    # ptrace mount pivot_root unshare setns add_key request_key keyctl perf_event_open
    # process_vm_readv process_vm_writev bpf userfaultfd io_uring_setup pidfd_getfd
    "x86_64": (101, 165, 155, 272, 308, 248, 249, 250, 298, 310, 311, 321, 323, 425, 438),
    "aarch64": (117, 40, 41, 97, 268, 217, 218, 219, 241, 270, 271, 280, 282, 425, 438),
}
"""Calls that no decoder needs and that have often allowed an escape from a sandbox."""

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


def can_filter_calls() -> bool:
    """Whether this system has seccomp and an architecture whose call numbers are listed here."""
    known = sys.platform == "linux" and platform.machine() in _AUDIT_NAMES
    return known and prctl(_PR_GET_SECCOMP, 0)


def filter_calls(*, network: bool = False) -> bool:
    """Forbid this process permanently to start programs or threads, and to open sockets unless
    ``network``. Returns False where there is no seccomp. Needs PR_SET_NO_NEW_PRIVS."""
    if not can_filter_calls():
        return False
    machine = platform.machine()
    forbidden = (*_PROGRAMS[machine], *_NEVER[machine], *(() if network else _NETWORK[machine]))
    steps = _steps(_AUDIT_NAMES[machine], forbidden)
    code = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    program = _Program(len(steps), code)
    return prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program))


def _steps(architecture: int, forbidden: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    count = len(forbidden)
    # Each jump leads to the EPERM at the end; offsets count from the next instruction.
    return [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQUAL, 0, count + 3, architecture),
        (_LOAD, 0, 0, 0),
        (_JUMP_AT_LEAST, count + 1, 0, _X32_BIT),
        *((_JUMP_EQUAL, count - index, 0, call) for index, call in enumerate(forbidden)),
        (_RETURN, 0, 0, _RET_ALLOW),
        (_RETURN, 0, 0, _RET_EPERM),
    ]
