"""The interface of all decoders: blocks of float32, and the facts and warnings about them."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from separation.audio.blocks import FloatArray
from separation.audio.decoding.sniff import Container
from separation.system.closeable import Closing

FFMPEG_CONTAINERS = ("caf", "flac", "mp3", "ogg")
"""Containers that libsndfile reads, and FFmpeg where libsndfile does not read the codec."""

DAMAGED = "A damaged part of the file was left out."


class SoundForm(NamedTuple):
    """Form of stored sound. ``layout``: names of the channels such as ``FL``; ``None``: unknown."""

    rate_hz: int
    channels: int
    layout: tuple[str, ...] | None


class AudioReader(Closing):
    """One opened file. Blocks are float32 (channels, n), integers scaled to full scale 1.0.

    ``rate_hz``, ``channels`` and ``layout`` are those at the start of the file. ``header_frames``:
    the header's claim at that rate, ``None`` without a claim; it is not trusted. ``lost_frames``:
    number of frames that are known to be left out with damaged parts. ``warnings`` grows while
    reading.
    """

    codec: str
    bit_depth: int | None
    rate_hz: int
    channels: int
    layout: tuple[str, ...] | None
    header_frames: int | None

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.lost_frames = 0
        self._form: SoundForm | None = None

    @property
    def form(self) -> SoundForm:
        """The form of the last block of :meth:`blocks`; it may change within a file."""
        return self._form or SoundForm(self.rate_hz, self.channels, self.layout)

    @abstractmethod
    def blocks(self) -> Iterator[FloatArray]:
        """Yield all blocks that decode, in order, once. Damaged parts are skipped with a
        warning."""

    @abstractmethod
    def position_bytes(self) -> int:
        """Return the offset up to which the file has been read, give or take a buffer; at the end
        its size."""

    @abstractmethod
    def text_tags(self) -> dict[str, str]:
        """Return the tags that the decoding library found, such as title and artist; uncleaned."""

    @abstractmethod
    def close(self) -> None: ...


def in_words(reason: str | None) -> str:
    """Return the message of a decoding library as a part of a sentence."""
    return (reason or "no reason is known").removeprefix("Error : ").rstrip(".")


def undecodable(container: Container, reason: str | None) -> str:
    return (
        f"The file says that it is {container.upper()}, but it cannot be decoded: "
        f"{in_words(reason)}. Export or download it again."
    )
