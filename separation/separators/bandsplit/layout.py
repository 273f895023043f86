"""Input and output layout of the band-split network. Imports no torch."""

STEMS = ("drums", "bass", "other", "vocals")
"""In the order of the network's outputs, which is that of MUSDB18."""

FFT_SIZE = 4096
HOP = 1024
"""As in Spleeter, so that both networks use one transform of the song."""

BINS = FFT_SIZE // 2 + 1

WINDOW_FRAMES = 512
"""Frames of one window (11.9 s at 44.1 kHz), as in Spleeter; the network takes any number."""

TOP_BINS = 60
"""The highest bins of the bands (650 Hz). Their mean mask is used for the bins above the bands."""
