"""The built-in separator: spectral masks, no download."""

from separation.separators.spectral.separator import SpectralSeparator

__all__ = ["SpectralSeparator"]
