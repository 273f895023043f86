"""Decoding in blocks by soundfile or PyAV, behind one small interface.

Used by the sandboxed child for sources, and in process for files that we wrote ourselves.
"""

import contextlib
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from separation.audio.blocks import FloatArray
from separation.audio.file_span import Span
from separation.audio.flac_parts import flac_parts
from separation.audio.mpeg_survey import MpegSurvey, survey_mpeg
from separation.audio.ogg_links import ogg_links
from separation.audio.sniff import Container, Sniffed
from separation.closing import Closing
from separation.errors import CorruptAudio, UnsupportedFormat

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


def open_reader(path: Path, sniffed: Sniffed, track: int | None = None) -> AudioReader:
    """Open a file at one of its sound tracks, from 0; ``None``: the first.

    Raises ``UnsupportedFormat`` (its codec), ``CorruptAudio``, ``EmptyAudio`` (no such track).
    """
    container = sniffed.container
    if track:
        # What libsndfile reads has one track.
        return _by_ffmpeg(path, container, track)
    if container == "mp3":
        return _open_mpeg(path)
    if container == "flac":
        return _open_flac(path, sniffed)
    if container == "ogg":
        return _open_ogg(path, sniffed)
    if sniffed.reader == "soundfile":
        return _by_libsndfile(path, container)
    if container == "caf":
        # It knows better where ALAC ends, FFmpeg reads more: what was cut off, and other codecs.
        with contextlib.suppress(CorruptAudio, UnsupportedFormat):
            return _by_libsndfile(path, container)
    return _by_ffmpeg(path, container, track)


def _open_mpeg(path: Path) -> AudioReader:
    survey = survey_mpeg(path)
    if survey is None:
        return _by_libsndfile(path, "mp3")
    reader = _open_surveyed(path, survey)
    if survey.song is None:
        return reader
    from separation.audio.trimmed_reader import TrimmedReader

    return TrimmedReader(reader, survey.song.start, survey.song.frames)


def _open_surveyed(path: Path, survey: MpegSurvey) -> AudioReader:
    if survey.is_plain:
        reader = _by_libsndfile(path, "mp3")
        reader.warnings += [DAMAGED] * (survey.gaps > 0)
        return reader
    # Modules that import PyAV are loaded where they are needed: so is PyAV.
    from separation.audio.chained_reader import ChainedReader
    from separation.audio.pyav_reader import PyavReader

    def opened(number: int) -> AudioReader:
        part = parts[number]
        reader = PyavReader(path, "mp3", span=part.span)
        reader.warnings += [DAMAGED] * (survey.gaps > 0)
        # FFmpeg decodes all layers by the same name, and guesses the length from the bit rate.
        reader.codec = f"mp{part.layer}"
        reader.header_frames = survey.frames
        return reader

    parts = survey.parts
    return opened(0) if len(parts) == 1 else ChainedReader(len(parts), opened, survey.frames)


def _open_flac(path: Path, sniffed: Sniffed) -> AudioReader:
    from separation.audio.chained_reader import ChainedReader
    from separation.audio.resumed_reader import ResumedReader

    def opened(number: int) -> AudioReader:
        if sniffed.reader == "pyav":
            return _by_ffmpeg(path, "flac", None, spans[number])
        return ResumedReader(
            _by_libsndfile(path, "flac", spans[number]),
            lambda: _by_ffmpeg(path, "flac", None, spans[number]),
        )

    spans = flac_parts(path)
    return opened(0) if len(spans) == 1 else ChainedReader(len(spans), opened, None)


def _open_ogg(path: Path, sniffed: Sniffed) -> AudioReader:
    from separation.audio.chained_reader import ChainedReader

    def opened(number: int) -> AudioReader:
        if sniffed.reader == "soundfile":
            # What follows a song in Vorbis is rarely something else; FFmpeg reads all of it.
            with contextlib.suppress(CorruptAudio, UnsupportedFormat):
                return _by_libsndfile(path, "ogg", links[number])
        return _by_ffmpeg(path, "ogg", None, links[number])

    links = ogg_links(path)
    if len(links) > 1:
        return ChainedReader(len(links), opened, None)
    if sniffed.reader == "soundfile":
        return _by_libsndfile(path, "ogg")
    return _by_ffmpeg(path, "ogg", None)


def _by_libsndfile(path: Path, container: Container, span: Span | None = None) -> AudioReader:
    from separation.audio.soundfile_reader import SoundfileReader

    return SoundfileReader(path, container, span)


def _by_ffmpeg(
    path: Path, container: Container, track: int | None, span: Span | None = None
) -> AudioReader:
    from separation.audio.pyav_reader import PyavReader

    return PyavReader(path, container, track, span=span)
