"""A separator that lives elsewhere and is asked over HTTP."""

from separation.separators.remote.separator import RemoteSeparator

__all__ = ["RemoteSeparator"]
