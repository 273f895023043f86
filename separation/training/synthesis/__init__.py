"""Songs from a synthesizer of our own into a corpus: electronic and amplified instruments.

Sampled General MIDI sounds lack what much popular music is made of: analogue basses, drum
machines, wide saw pads, plucks, distorted guitars on both sides. Here each song draws a tempo, a
scale, chords, a drum machine, a bass and a few parts, every one with parameters of its own.
"""

from separation.training.synthesis.songs import add_synthetic_songs

__all__ = ["add_synthetic_songs"]
