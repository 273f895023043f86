"""A song that the project makes itself, so that its true stems are known.

What stands here imports nothing, so that a web server can name the song.
"""

VERSION = 1
"""Raise it when the song would sound different."""

FILE_NAME = "Eight bars.flac"
