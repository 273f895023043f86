"""Choice of the decoding library: libsndfile for files that it reads completely, else FFmpeg.

The sandboxed child opens sources with it; other processes open only files of the pipeline.
"""

import contextlib
from pathlib import Path

from separation.audio.decoding.file_span import Span
from separation.audio.decoding.flac_parts import flac_parts
from separation.audio.decoding.mpeg_survey import MpegSurvey, survey_mpeg
from separation.audio.decoding.ogg_links import ogg_links
from separation.audio.decoding.readers import DAMAGED, AudioReader
from separation.audio.decoding.sniff import Container, Sniffed
from separation.errors import CorruptAudio, UnsupportedFormat


def open_reader(path: Path, sniffed: Sniffed, track: int | None = None) -> AudioReader:
    """Open the sound track with the number ``track`` of a file, from 0; ``None``: the first.

    Raises ``UnsupportedFormat`` (its codec), ``CorruptAudio``, ``EmptyAudio`` (no such track).
    """
    container = sniffed.container
    if track:
        # All containers that libsndfile reads have one track.
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
        # libsndfile finds the end of ALAC exactly; FFmpeg also reads cut files and other codecs.
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
    from separation.audio.decoding.trimmed_reader import TrimmedReader

    return TrimmedReader(reader, survey.song.start, survey.song.frames)


def _open_surveyed(path: Path, survey: MpegSurvey) -> AudioReader:
    if survey.is_plain:
        reader = _by_libsndfile(path, "mp3")
        reader.warnings += [DAMAGED] * (survey.gaps > 0)
        return reader
    # These modules are imported here, as PyAV is only imported where it is needed.
    from separation.audio.decoding.chained_reader import ChainedReader
    from separation.audio.decoding.pyav_reader import PyavReader

    def open_part(number: int) -> AudioReader:
        part = parts[number]
        reader = PyavReader(path, "mp3", span=part.span)
        reader.warnings += [DAMAGED] * (survey.gaps > 0)
        # FFmpeg has one name for all layers, and estimates the length from the bit rate.
        reader.codec = f"mp{part.layer}"
        reader.header_frames = survey.frames
        return reader

    parts = survey.parts
    return open_part(0) if len(parts) == 1 else ChainedReader(len(parts), open_part, survey.frames)


def _open_flac(path: Path, sniffed: Sniffed) -> AudioReader:
    from separation.audio.decoding.chained_reader import ChainedReader
    from separation.audio.decoding.resumed_reader import ResumedReader

    def open_part(number: int) -> AudioReader:
        if sniffed.reader == "pyav":
            return _by_ffmpeg(path, "flac", None, spans[number])
        return ResumedReader(
            _by_libsndfile(path, "flac", spans[number]),
            lambda: _by_ffmpeg(path, "flac", None, spans[number]),
        )

    spans = flac_parts(path)
    return open_part(0) if len(spans) == 1 else ChainedReader(len(spans), open_part, None)


def _open_ogg(path: Path, sniffed: Sniffed) -> AudioReader:
    from separation.audio.decoding.chained_reader import ChainedReader

    def open_part(number: int) -> AudioReader:
        if sniffed.reader == "soundfile":
            # A link of another codec may follow a Vorbis link; FFmpeg reads it.
            with contextlib.suppress(CorruptAudio, UnsupportedFormat):
                return _by_libsndfile(path, "ogg", links[number])
        return _by_ffmpeg(path, "ogg", None, links[number])

    links = ogg_links(path)
    if len(links) > 1:
        return ChainedReader(len(links), open_part, None)
    if sniffed.reader == "soundfile":
        return _by_libsndfile(path, "ogg")
    return _by_ffmpeg(path, "ogg", None)


def _by_libsndfile(path: Path, container: Container, span: Span | None = None) -> AudioReader:
    from separation.audio.decoding.soundfile_reader import SoundfileReader

    return SoundfileReader(path, container, span)


def _by_ffmpeg(
    path: Path, container: Container, track: int | None, span: Span | None = None
) -> AudioReader:
    from separation.audio.decoding.pyav_reader import PyavReader

    return PyavReader(path, container, track, span=span)
