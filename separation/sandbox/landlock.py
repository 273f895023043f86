"""Restriction of the files that a process reaches (Landlock, Linux 5.13; linux/landlock.h).

Open files stay open. Landlock needs no privileges and works inside containers.
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
"""Number of bits of the rights on files that each version of the interface defines."""

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
    """Return the kernel's version of the interface; 0 where it has none, or it is turned off."""
    if sys.platform != "linux":
        return 0
    return max(_call(_CREATE_RULESET, None, 0, _ONLY_THE_VERSION), 0)


def restrict_files(
    *, readable: Iterable[str], writable: Iterable[str] = (), network: bool = False
) -> bool:
    """Restrict this process permanently to these files and to the content of these folders.

    In ``writable`` folders it may also create and remove files. A path that does not exist is
    ignored. Newer kernels also forbid TCP, unless ``network``, and signals to processes outside.
    Returns False where the kernel has no Landlock. Needs PR_SET_NO_NEW_PRIVS.
    """
    interface = version()
    if not interface:
        return False
    known = (1 << _FILE_RIGHTS_OF_VERSION.get(interface, 16)) - 1
    rules = _Ruleset(known)
    size = 8
    if interface >= _NETWORK_VERSION:
        rules.network, size = 0 if network else _TCP_BIND_AND_CONNECT, 16
    if interface >= _SCOPE_VERSION:
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
        is_folder = os.path.isdir(path)  # noqa: PTH112 - the child imports as little as possible
        rule = _Rule(rights if is_folder else rights & _OF_A_FILE, place)
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    """Call syscall(2). Its arguments are machine words; ctypes would cut plain integers to 32
    bits."""
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    return int(_libc.syscall(ctypes.c_long(number), *words))
