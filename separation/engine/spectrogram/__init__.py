"""Runs networks that mask a spectrogram over a whole song, in constant memory."""
