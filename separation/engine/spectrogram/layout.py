"""The one spectrogram that mask networks see.

Spleeter's (Hennequin et al., "Spleeter: a fast and efficient music source separation tool with
pre-trained models", JOSS 5(50), 2020): periodic Hann windows at 44.1 kHz.
"""

WINDOW = 4096
"""Samples in a frame, 93 ms."""

HOP = 1024
"""Samples from one frame to the next, 23 ms."""

BINS = WINDOW // 2 + 1

FRAMES = 512
"""Frames that a network sees at once, 11.9 s."""

LEAD = WINDOW // HOP
"""Frame t ends where hop t of the song begins: the first one lies before the song, as in Spleeter,
and every sample is in this many of them."""
