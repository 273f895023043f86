"""The formats of delivered tracks: one row each, for all code that writes or serves them."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

ConcreteFormat = Literal["wav16", "wav24", "wav32f", "flac16", "flac24", "mp3", "ogg", "m4a"]

OutputFormat = Literal[ConcreteFormat, "same"]
"""``same``: the source's format for WAV and MP3, else 16-bit WAV (:func:`resolve_format`)."""


@dataclass(frozen=True)
class FileFormat:
    """``extension``: with its dot. ``integer_bits``: of a sample, None for floats and lossy codecs.
    ``is_lossy``: the codec changes samples, and its output may exceed the peaks of its input."""

    name: ConcreteFormat
    label: str
    extension: str
    media_type: str
    integer_bits: int | None = None
    is_lossy: bool = False


FORMATS: Final = {
    row.name: row
    for row in (
        FileFormat("wav16", "WAV, 16 bit", ".wav", "audio/wav", 16),
        FileFormat("wav24", "WAV, 24 bit", ".wav", "audio/wav", 24),
        FileFormat("wav32f", "WAV, 32 bit float", ".wav", "audio/wav"),
        FileFormat("flac16", "FLAC, 16 bit", ".flac", "audio/flac", 16),
        FileFormat(
            "flac24", "FLAC, 24 bit (lossless, smaller than WAV)", ".flac", "audio/flac", 24
        ),
        FileFormat("mp3", "MP3", ".mp3", "audio/mpeg", is_lossy=True),
        FileFormat("ogg", "OGG Vorbis", ".ogg", "audio/ogg", is_lossy=True),
        FileFormat("m4a", "M4A (AAC)", ".m4a", "audio/mp4", is_lossy=True),
    )
}

SAME_LABEL: Final = "Same as the file sent (WAV and MP3)"

OUTPUT_FORMATS: Final[tuple[OutputFormat, ...]] = (*get_args(ConcreteFormat), "same")
"""The formats that a person may choose."""


def extension_for(output_format: ConcreteFormat) -> str:
    """File name extension with its dot."""
    return FORMATS[output_format].extension


def resolve_format(requested: OutputFormat, container: str, codec: str) -> ConcreteFormat:
    """The format to write for a source (``Song.container``, ``Song.codec``).

    With ``same``, a WAV keeps its class of depth, an MP3 stays an MP3, everything else becomes
    16-bit WAV. Every other requested format is returned unchanged.
    """
    if requested != "same":
        return requested
    if container == "mp3":
        return "mp3"
    if container not in ("wav", "rf64", "w64"):
        return "wav16"
    if codec == "pcm_24":
        return "wav24"
    return "wav32f" if codec in ("pcm_32", "pcm_float", "pcm_double") else "wav16"
