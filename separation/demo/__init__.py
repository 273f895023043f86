"""A song that the project synthesizes itself, so that its true stems are known.

This module imports nothing, so that a web server can name the song.
"""

VERSION = 1
"""Raise it with every change of the song's sound, or of the files that make its stems playable."""

FILE_NAME = "Eight bars.flac"
