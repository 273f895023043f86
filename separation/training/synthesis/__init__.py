"""Synthesizes songs of electronic and amplified instruments and adds them to a corpus.

Sampled General MIDI sounds lack what much popular music consists of: analogue basses, drum
machines, wide saw pads, plucks, distorted guitars on both sides. Each song draws a tempo, a scale,
chords, a drum machine, a bass and a few parts, each with its own parameters.
"""

from separation.training.synthesis.songs import add_synthetic_songs

__all__ = ["add_synthetic_songs"]
