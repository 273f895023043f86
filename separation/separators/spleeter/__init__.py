"""Spleeter: separates vocals and accompaniment with two small U-Nets."""

from separation.separators.spleeter.separator import SpleeterSeparator

__all__ = ["SpleeterSeparator"]
