"""Networks that mask a song's spectrogram, over a whole song in constant memory."""
