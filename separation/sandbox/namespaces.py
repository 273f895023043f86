"""An empty network for a process (Linux namespaces), and the drop of its capabilities."""

import ctypes
import sys
from typing import Literal

_libc = ctypes.CDLL(None, use_errno=True)

_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000
"""Flags of unshare(2)."""

_CAPSET_VERSION_3 = 0x20080522
_FILE_CAPABILITIES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, with which root accesses files of other accounts."""

Namespaces = Literal["root", "user", "none"]


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def leave_network() -> Namespaces:
    """Move this process, which must not have threads yet, to an empty network.

    Returns ``root`` if root's rights sufficed, ``user`` if it took a user namespace, which many
    systems allow every account to create, and ``none`` if the system allows neither.
    """
    if sys.platform != "linux":
        return "none"
    # Tried first, as root in a user namespace could not read files of other accounts.
    if _libc.unshare(_NEW_NETWORK) == 0:
        return "root"
    return "user" if _libc.unshare(_NEW_USERS | _NEW_NETWORK) == 0 else "none"


def drop_capabilities() -> None:
    """Drop root's capabilities, also those in a user namespace, except access to files."""
    if sys.platform != "linux":
        return
    header = _CapabilityHeader(_CAPSET_VERSION_3, 0)
    held = (_Capabilities * 2)()
    if _libc.capget(ctypes.byref(header), held) != 0:
        return
    kept = held[0].permitted & _FILE_CAPABILITIES
    reduced = (_Capabilities * 2)(_Capabilities(kept, kept, 0))
    _libc.capset(ctypes.byref(header), reduced)
