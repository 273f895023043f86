"""Reading, measuring and writing audio, always in blocks."""
