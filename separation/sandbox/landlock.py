"""Which files a process may still reach (Landlock, Linux 5.13 and later; linux/landlock.h).

What is already open stays so. Landlock needs no rights and works inside containers.
"""

import ctypes
import os
import sys
from collections.abc import Iterable

_libc = ctypes.CDLL(None, use_errno=True)

# The same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ONLY_THE_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_FILE, _TRUNCATE = 1 << 5, 1 << 8, 1 << 14
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_WRITE = _READ | _WRITE_FILE | _TRUNCATE | _MAKE_FILE | _REMOVE_FILE

_FILE_RIGHTS_OF_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many bits of the rights on files a version of the interface knows."""

_NETWORK_VERSION, _SCOPE_VERSION = 4, 6
_TCP_BIND_AND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """The version of the interface that the kernel speaks; 0: it has none, or it is turned off."""
    if sys.platform != "linux":
        return 0
    return max(_call(_CREATE_RULESET, None, 0, _ONLY_THE_VERSION), 0)


def restrict_files(
    *, readable: Iterable[str], writable: Iterable[str] = (), network: bool = False
) -> bool:
    """From here on this process reaches only these files and what lies below these folders.

    In ``writable`` folders it may make and remove files too. A path that is not there is passed
    over. Newer kernels also keep it from TCP, unless ``network``, and from signalling processes
    outside. False where the kernel cannot. Needs PR_SET_NO_NEW_PRIVS.
    """
    spoken = version()
    if not spoken:
        return False
    known = (1 << _FILE_RIGHTS_OF_VERSION.get(spoken, 16)) - 1
    rules = _Ruleset(known)
    size = 8
    if spoken >= _NETWORK_VERSION:
        rules.network, size = 0 if network else _TCP_BIND_AND_CONNECT, 16
    if spoken >= _SCOPE_VERSION:
        rules.scoped, size = _ABSTRACT_SOCKETS_AND_SIGNALS, 24
    ruleset = _call(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    if ruleset < 0:
        return False
    try:
        allowed = [*((path, _READ) for path in readable), *((path, _WRITE) for path in writable)]
        for path, rights in allowed:
            _allow(ruleset, path, rights & known)
        return _call(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        is_folder = os.path.isdir(path)  # noqa: PTH112 - the child imports as little as it can
        rule = _Rule(rights if is_folder else rights & _OF_A_FILE, place)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    """syscall(2): its arguments are words, which ctypes would cut to 32 bits."""
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    return int(_libc.syscall(ctypes.c_long(number), *words))
