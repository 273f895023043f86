"""The parameters of the spectrogram that all mask networks take.

Spleeter's (Hennequin et al., "Spleeter: a fast and efficient music source separation tool with
pre-trained models", JOSS 5(50), 2020): periodic Hann windows at 44.1 kHz.
"""

WINDOW = 4096
"""Samples in a frame, 93 ms."""

HOP = 1024
"""Samples from one frame to the next, 23 ms."""

BINS = WINDOW // 2 + 1

FRAMES = 512
"""Frames in a network's window, 11.9 s."""

LEAD = WINDOW // HOP
"""Number of frames that cover each sample. Frame t ends where hop t of the song begins: the first
frame lies before the song, as in Spleeter."""
