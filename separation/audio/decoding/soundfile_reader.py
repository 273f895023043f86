"""Decoding of WAV, FLAC, OGG, MP3, AIFF, CAF and AU through libsndfile."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.audio.decoding.file_span import WHOLE, FileSpan, Span
from separation.audio.decoding.flac_length import LengthlessFlac
from separation.audio.decoding.readers import AudioReader, in_words, undecodable
from separation.audio.decoding.sniff import Container
from separation.audio.decoding.truncation import cut_warning
from separation.audio.decoding.unfinished import corrected
from separation.audio.decoding.wave_layout import wave_layout
from separation.audio.downmix import VORBIS_ORDER, WAVE_ORDER
from separation.errors import CorruptAudio, EmptyAudio, UnsupportedFormat

SUBTYPES: dict[str, int | None] = {
    "PCM_S8": 8,
    "PCM_U8": 8,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 32,
    "FLOAT": 32,
    "DOUBLE": 64,
    "ALAC_16": 16,
    "ALAC_24": 24,
    "ALAC_32": 32,
    "ULAW": None,
    "ALAW": None,
    "IMA_ADPCM": None,
    "MS_ADPCM": None,
    "VORBIS": None,
    "MPEG_LAYER_I": None,
    "MPEG_LAYER_II": None,
    "MPEG_LAYER_III": None,
}
"""The allow-list of codecs, with the bits of a stored sample (None: lossy)."""

_CODEC_NAMES = {
    "FLOAT": "pcm_float",
    "DOUBLE": "pcm_double",
    "ALAC_16": "alac",
    "ALAC_24": "alac",
    "ALAC_32": "alac",
    "MPEG_LAYER_I": "mp1",
    "MPEG_LAYER_II": "mp2",
    "MPEG_LAYER_III": "mp3",
}
_STEP_FRAMES = 4096
"""Frames per read: a read that finds damage loses the frames that it has decoded. Plain samples
cannot be damaged in this sense and are read in whole blocks."""

_UNKNOWN_LENGTH = 2**40
"""libsndfile reports 2^63 - 1 for a FLAC stream whose header states no length. A larger value than
this (300 days at 44.1 kHz) is no length."""


def codec_name(subtype: str) -> str:
    """Return the codec name of libsndfile's ``subtype``, outside FLAC."""
    return _CODEC_NAMES.get(subtype, subtype.lower())


class _OneWayFile(soundfile.SoundFile):  # type: ignore[misc]
    """Reads once from start to end. For a seekable file soundfile seeks after every block, which
    costs an MP3 40 % of its speed, and it stops reading at the header's length."""

    def seekable(self) -> bool:
        return False


class SoundfileReader(AudioReader):
    def __init__(self, path: Path, container: Container, span: Span | None = None) -> None:
        super().__init__()
        self._described: dict[str, str | int] = {}
        self._raw = self._raw_file(path, container, span)
        try:
            self._open(path, container)
        except soundfile.LibsndfileError as error:
            self.close()
            raise CorruptAudio(undecodable(container, error.error_string)) from None
        except BaseException:
            self.close()
            raise

    def _raw_file(self, path: Path, container: Container, span: Span | None) -> io.IOBase:
        """Open the plain file where possible. A span or corrections need a ``FileSpan``, which
        costs a call of Python for each read."""
        if container == "flac":
            return LengthlessFlac(path, span or WHOLE)
        correction = corrected(path, container)
        if correction.warning:
            self.warnings.append(correction.warning)
        if (raw := correction.raw) is not None:
            self._described = {
                "format": "RAW",
                "samplerate": raw.rate_hz,
                "channels": raw.channels,
                "subtype": raw.subtype,
                "endian": raw.order.upper(),
            }
            return FileSpan(path, raw.span)
        is_plain = span is None and not correction.patches
        return path.open("rb") if is_plain else FileSpan(path, span or WHOLE, correction.patches)

    def _open(self, path: Path, container: Container) -> None:
        is_flac = isinstance(self._raw, LengthlessFlac)
        is_span = isinstance(self._raw, FileSpan)
        source = self._raw if is_span else self._raw.fileno()
        self._file = _OneWayFile(source, closefd=False, **self._described)
        subtype = self._file.subtype
        if subtype not in SUBTYPES:
            raise UnsupportedFormat(
                f"The sound is coded as {subtype}, which is not supported. "
                "Convert the file to plain WAV or FLAC."
            )
        self.codec = "flac" if self._file.format == "FLAC" else codec_name(subtype)
        self.bit_depth = SUBTYPES[subtype]
        self.rate_hz = self._file.samplerate
        self.channels = self._file.channels
        order = VORBIS_ORDER if subtype == "VORBIS" else WAVE_ORDER
        stated = wave_layout(path) if container in ("wav", "rf64") else None
        self.layout = stated or order.get(self.channels)
        claimed = getattr(self._raw, "claimed_frames", None)
        frames = (claimed or 0) if is_flac else self._file.frames
        self.header_frames = frames if 0 < frames < _UNKNOWN_LENGTH else None
        # A corrected header already has a warning.
        if not self.warnings and (cut := cut_warning(path, container)):
            self.warnings.append(cut)
        if container in ("wav", "aiff", "rf64", "w64") and frames == 0:
            raise EmptyAudio("The file holds a header and no sound.")

    def blocks(self) -> Iterator[FloatArray]:
        # A block of many channels has fewer frames, so that it is not larger than others.
        block_frames = 2 * BLOCK_FRAMES // max(self.channels, 2)
        step_frames = block_frames if self.codec.startswith("pcm_") else _STEP_FRAMES
        steps = max(1, block_frames // step_frames)
        ended = False
        while not ended:
            parts: list[FloatArray] = []
            for _ in range(steps):
                part = self._read_step(step_frames)
                ended = part is None
                if part is None:
                    break
                parts.append(part)
            if parts:
                whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
                yield np.ascontiguousarray(whole.T)

    def _read_step(self, frames: int) -> FloatArray | None:
        """Return (frames, channels), or ``None`` at the end or at damage, where libsndfile
        stops."""
        try:
            data = self._file.read(frames, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            self.warnings.append(
                f"The file is damaged ({in_words(error.error_string)}); "
                "only what comes before that was used."
            )
            return None
        return data if len(data) else None

    def position_bytes(self) -> int:
        return os.lseek(self._raw.fileno(), 0, os.SEEK_CUR)

    def text_tags(self) -> dict[str, str]:
        known = self._file.copy_metadata()
        names = {"tracknumber": "track"}
        return {names.get(key, key): value for key, value in known.items()}

    def close(self) -> None:
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()
        self._raw.close()
