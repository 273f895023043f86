"""Decoding in blocks by soundfile or PyAV, behind one small interface.

Used by the sandboxed child for sources, and in process for files that we wrote ourselves.
"""

import contextlib
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path

from separation.audio.blocks import FloatArray
from separation.audio.sniff import Container, Sniffed
from separation.closing import Closing
from separation.errors import CorruptAudio, UnsupportedFormat


class AudioReader(Closing):
    """One opened file. Blocks are float32 (channels, n), integers scaled to full scale 1.0.

    ``header_frames``: the header's claim, ``None`` when it makes none; never trusted.
    ``layout``: names of the channels such as ``FL``, ``None`` when unknown. ``warnings`` grows
    while reading.
    """

    codec: str
    bit_depth: int | None
    rate_hz: int
    channels: int
    layout: tuple[str, ...] | None
    header_frames: int | None

    def __init__(self) -> None:
        self.warnings: list[str] = []

    @abstractmethod
    def blocks(self) -> Iterator[FloatArray]:
        """Everything that decodes, in order, once. Damaged parts add a warning and are skipped.

        Raises ``CorruptAudio`` when the file changes its format half-way.
        """

    @abstractmethod
    def position_bytes(self) -> int:
        """How far the file has been read, give or take a buffer; the whole at its end."""

    @abstractmethod
    def text_tags(self) -> dict[str, str]:
        """What the reading library itself knows of title, artist and so on; uncleaned."""

    @abstractmethod
    def close(self) -> None: ...


def in_words(reason: str | None) -> str:
    """What a decoding library says, as a part of a sentence of ours."""
    return (reason or "no reason is known").removeprefix("Error : ").rstrip(".")


def undecodable(container: Container, reason: str | None) -> str:
    return (
        f"The file says that it is {container.upper()}, but it cannot be decoded: "
        f"{in_words(reason)}. Export or download it again."
    )


def open_reader(path: Path, sniffed: Sniffed, track: int | None = None) -> AudioReader:
    """Open a file at one of its sound tracks, from 0; ``None``: the first.

    Raises ``UnsupportedFormat`` (its codec), ``CorruptAudio``, ``EmptyAudio`` (no such track).
    """
    if track:
        # What libsndfile reads has one track.
        from separation.audio.pyav_reader import PyavReader

        return PyavReader(path, sniffed.container, track)
    if sniffed.reader == "soundfile":
        from separation.audio.soundfile_reader import SoundfileReader

        return SoundfileReader(path, sniffed.container)
    if sniffed.container == "caf":
        # It knows better where ALAC ends, FFmpeg reads more: what was cut off, and other codecs.
        from separation.audio.soundfile_reader import SoundfileReader

        with contextlib.suppress(CorruptAudio, UnsupportedFormat):
            return SoundfileReader(path, sniffed.container)
    from separation.audio.pyav_reader import PyavReader

    return PyavReader(path, sniffed.container, track)
