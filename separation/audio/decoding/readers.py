"""The one interface of everything that decodes: blocks of float32, and what is said of them."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

from separation.audio.blocks import FloatArray
from separation.audio.decoding.sniff import Container
from separation.system.closeable import Closing

FFMPEG_CONTAINERS = ("caf", "flac", "mp3", "ogg")
"""Read by libsndfile, and by FFmpeg where they hold what that does not read."""


DAMAGED = "A damaged part of the file was left out."


class SoundForm(NamedTuple):
    """How sound is stored. ``layout``: names of the channels such as ``FL``; ``None``: unknown."""

    rate_hz: int
    channels: int
    layout: tuple[str, ...] | None


class AudioReader(Closing):
    """One opened file. Blocks are float32 (channels, n), integers scaled to full scale 1.0.

    ``rate_hz``, ``channels`` and ``layout`` are those of its beginning. ``header_frames``: the
    header's claim at that rate, ``None`` when it makes none; never trusted. ``lost_frames``: how
    many frames of damaged parts are known to be left out. ``warnings`` grows while reading.
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
        """That of the block which :meth:`blocks` has given last; files may change it half-way."""
        return self._form or SoundForm(self.rate_hz, self.channels, self.layout)

    @abstractmethod
    def blocks(self) -> Iterator[FloatArray]:
        """Everything that decodes, in order, once. Damaged parts add a warning and are skipped."""

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
