"""Running a network over a song in windows, whatever computes the network."""
