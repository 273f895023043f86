"""What the band-split network takes and gives; no torch is needed to know it."""

STEMS = ("drums", "bass", "other", "vocals")
"""In the order of the network's outputs, which is that of MUSDB18."""

FFT_SIZE = 4096
HOP = 1024
"""Spleeter's, so that one transform of the song serves both networks."""

BINS = FFT_SIZE // 2 + 1

WINDOW_FRAMES = 512
"""Frames of one window (11.9 s at 44.1 kHz), Spleeter's too; the network takes any number."""

TOP_BINS = 60
"""Bins of the highest band whose mean mask serves the bins above the bands (650 Hz)."""
