"""Separates on another machine, over HTTP."""

from separation.separators.remote.separator import RemoteSeparator

__all__ = ["RemoteSeparator"]
