"""A network of its own, in which there is nobody (Linux namespaces); and rights given up."""

import ctypes
import sys
from typing import Literal

_libc = ctypes.CDLL(None, use_errno=True)

_NEW_USERS, _NEW_NETWORK = 0x10000000, 0x40000000
"""Flags of unshare(2)."""

_CAPSET_VERSION_3 = 0x20080522
_FILE_CAPABILITIES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root works on files of other accounts."""

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
    """Move this process, which must not have threads yet, to a network without a way out.

    ``root``: by the rights of root; ``user``: by a user namespace, which many systems let anybody
    make; ``none``: the system allows neither.
    """
    if sys.platform != "linux":
        return "none"
    # Without a user namespace where that works: in one, root could not read others' files.
    if _libc.unshare(_NEW_NETWORK) == 0:
        return "root"
    return "user" if _libc.unshare(_NEW_USERS | _NEW_NETWORK) == 0 else "none"


def drop_capabilities() -> None:
    """Give up all that sets root apart, here and in a user namespace, but access to files."""
    if sys.platform != "linux":
        return
    header = _CapabilityHeader(_CAPSET_VERSION_3, 0)
    held = (_Capabilities * 2)()
    if _libc.capget(ctypes.byref(header), held) != 0:
        return
    kept = held[0].permitted & _FILE_CAPABILITIES
    left = (_Capabilities * 2)(_Capabilities(kept, kept, 0))
    _libc.capset(ctypes.byref(header), left)
