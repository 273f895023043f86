"""Writing delivered files, in blocks, in the format that a person chose."""

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from separation.audio.blocks import FloatArray
from separation.request import OutputFormat

ConcreteFormat = Literal["wav16", "wav24", "wav32f", "flac16", "flac24", "mp3", "ogg", "m4a"]


def resolve_format(
    requested: OutputFormat, container: str, codec: str, bit_depth: int | None, is_float: bool
) -> ConcreteFormat:
    """What ``same`` means for this source; every other format is itself."""
    raise NotImplementedError


def extension_for(output_format: ConcreteFormat) -> str:
    """File name extension with its dot."""
    raise NotImplementedError


class Encoder(ABC):
    """Appends (2, n) float32 blocks to one delivered file; a context manager."""

    @abstractmethod
    def write(self, block: FloatArray) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_encoder(
    path: Path,
    output_format: ConcreteFormat,
    *,
    sample_rate_hz: int,
    expected_frames: int,
    mp3_bitrate_kbps: int = 320,
) -> Encoder:
    """Open ``path`` for writing."""
    raise NotImplementedError
