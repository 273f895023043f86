"""Spleeter: vocals and accompaniment by two small U-Nets."""

from separation.separators.spleeter.separator import SpleeterSeparator

__all__ = ["SpleeterSeparator"]
