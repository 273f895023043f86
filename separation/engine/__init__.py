"""Runs a network over a song in windows, with any engine."""
