"""The default separator: Spleeter's vocals; drums, bass and other by stemsite's small network."""

from separation.separators.standard.separator import StandardSeparator

__all__ = ["StandardSeparator"]
