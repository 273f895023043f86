"""Text tags and cover pictures: read in the decoding child, written onto delivered files."""

from collections.abc import Mapping
from pathlib import Path


def write_tags(path: Path, tags: Mapping[str, str], cover: bytes | None = None) -> None:
    """Put title, artist, album, date, genre, track and a JPEG or PNG cover into a file of ours."""
    raise NotImplementedError
