"""Encodes the song for a service, and checks the stems that come back.

The song is sent as 32-bit float WAV: the prepared song is float32, so every sample arrives
unchanged. 24-bit FLAC would be smaller, but it rounds, and it clips samples above full scale, which
are common in decoded MP3 files.
"""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile

from separation.audio.blocks import BlockReader, FloatWriter
from separation.audio.decoding.sniff import sniff
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.errors import EmptyAudio, UnsupportedFormat
from separation.progress import never_stop

FILE_NAME = "song.wav"
CONTENT_TYPE = "audio/wav"

_FRAME_BYTES = 4 * CHANNELS
_FLOAT_FORMAT = struct.pack(
    "<HHIIHH", 3, CHANNELS, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * _FRAME_BYTES, _FRAME_BYTES, 32
)
_LOSSLESS = ("wav", "rf64", "w64", "aiff", "caf", "flac")


def _ignored(share: float) -> None:
    """The default callback, which does nothing."""


class WrongStem(Exception):
    """The received file is not a stem of this song; the message continues a sentence after the
    stem's name."""


class SongFile:
    """The canonical song as a plain WAV file that is generated while it is sent."""

    def __init__(self, path: Path, note: Callable[[float], None] = _ignored) -> None:
        """``note`` receives the share that has been read, in the thread that reads."""
        self._path, self._note = path, note
        with BlockReader(path) as song:
            self.frames = song.frames
        self._header = _header(self.frames)
        self.size_bytes = len(self._header) + self.frames * _FRAME_BYTES

    def blocks(self) -> Iterator[bytes]:
        yield self._header
        sent = 0
        with BlockReader(self._path) as song:
            for block in song.blocks():
                yield np.ascontiguousarray(block.T, dtype="<f4").tobytes()
                sent += block.shape[1]
                self._note(sent / self.frames)


def _header(frames: int) -> bytes:
    """The WAV header: RIFF, or RF64 (EBU Tech 3306) where RIFF's 32-bit sizes do not suffice."""
    data = frames * _FRAME_BYTES
    parts = b"fmt " + struct.pack("<I", len(_FLOAT_FORMAT)) + _FLOAT_FORMAT
    riff = 4 + len(parts) + 8 + data
    if riff < 2**32:
        start = b"RIFF" + struct.pack("<I", riff) + b"WAVE"
        return start + parts + b"data" + struct.pack("<I", data)
    sizes = struct.pack("<QQQI", riff + 36, data, frames, 0)
    start = b"RF64\xff\xff\xff\xffWAVE" + b"ds64" + struct.pack("<I", len(sizes)) + sizes
    return start + parts + b"data\xff\xff\xff\xff"


def max_stem_bytes(frames: int) -> int:
    """An upper limit of the size of one stem's file, with room for tags and a cover."""
    return frames * _FRAME_BYTES * 2 + 64 * 1024 * 1024


def adopt_stem(
    received: Path, target: Path, *, frames: int, check: Callable[[], None] = never_stop
) -> None:
    """Check a received file and write it in the layout of a stem. Raises ``WrongStem``."""
    try:
        container = sniff(received).container
    except (EmptyAudio, UnsupportedFormat):
        raise WrongStem("is not an audio file") from None
    if container not in _LOSSLESS:
        raise WrongStem(f"came as {container}, which is not lossless")
    try:
        with BlockReader(received) as stem, FloatWriter(target) as writer:
            _check_layout(stem, frames)
            for block in stem.blocks():
                if not np.isfinite(block).all():
                    raise WrongStem("holds values that are no numbers")
                writer.write(block)
                check()
    except soundfile.LibsndfileError:
        raise WrongStem("does not decode") from None


def _check_layout(stem: BlockReader, frames: int) -> None:
    found = (stem.frames, stem.channels, stem.sample_rate_hz)
    if found != (frames, CHANNELS, SAMPLE_RATE_HZ):
        raise WrongStem(
            f"has {found[0]} frames, {found[1]} channels at {found[2]} Hz instead of {frames} "
            f"frames, {CHANNELS} channels at {SAMPLE_RATE_HZ} Hz"
        )
