"""The default: Spleeter's vocals, and drums, bass and the rest by a small network of stemsite's."""

from separation.separators.standard.separator import StandardSeparator

__all__ = ["StandardSeparator"]
