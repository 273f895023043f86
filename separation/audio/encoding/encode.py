"""Write delivered files, in blocks, in the format that a person chose.

Every file decodes to exactly the frames that its encoder received: MP3 and Vorbis files state
their length, and the edit list of an M4A file hides the padding of AAC.
"""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.audio.encoding.encoder import Encoder, in_steps
from separation.errors import DiskFull
from separation.formats import FORMATS, ConcreteFormat

_WAV_SAFE_BYTES = 2**32 - 2**24
"""RIFF counts its bytes in 32 bits; 16 MiB are left for tags and cover."""

_VORBIS_COMPRESSION = 0.2
"""libsndfile's scale, 0 largest to 1 smallest: Vorbis quality 8, about 256 kbit/s in stereo."""

_AAC_BITS_PER_S = 256_000


class _SoundfileEncoder(Encoder):
    """With ``integer_bits`` this class rounds the samples itself. libsndfile multiplies by 2^15 - 1
    when it writes and divides by 2^15 when it reads: a gain error of -90 dB in 16-bit tracks."""

    def __init__(self, file: soundfile.SoundFile, *, integer_bits: int | None = None) -> None:
        self._file = file
        self._integer_bits = integer_bits

    def _write(self, block: FloatArray) -> None:
        for start in range(0, block.shape[1], BLOCK_FRAMES):
            self._write_few(block[:, start : start + BLOCK_FRAMES])

    def _write_few(self, block: FloatArray) -> None:
        data = block.T if self._integer_bits is None else _as_integers(block.T, self._integer_bits)
        try:
            self._file.write(np.ascontiguousarray(data))
        # soundfile asserts that everything was written, so a full disk may show as either.
        except (soundfile.LibsndfileError, AssertionError) as error:
            raise DiskFull("A track could not be written: the disk is full.") from error

    def close(self) -> None:
        self._file.close()


class _FloatWavEncoder(_SoundfileEncoder):
    may_exceed_full_scale = True


def _as_integers(data: FloatArray, bits: int) -> NDArray[np.int16] | NDArray[np.int32]:
    steps = in_steps(data, bits)
    if bits == 16:
        return steps.astype(np.int16)
    # libsndfile takes the upper bits of a 32-bit sample.
    return np.left_shift(steps.astype(np.int32), 32 - bits)


def open_encoder(
    path: Path,
    output_format: ConcreteFormat,
    *,
    sample_rate_hz: int,
    expected_frames: int,
    mp3_bitrate_kbps: int = 320,
) -> Encoder:
    """Open ``path`` for writing two channels.

    ``expected_frames`` at ``sample_rate_hz`` decides between WAV and RF64 (from 4 GiB on).
    ``mp3_bitrate_kbps``: constant bit rate; LAME uses the nearest one that the standard defines.
    """
    if output_format == "m4a":
        from separation.audio.encoding.encode_m4a import M4aEncoder

        return M4aEncoder(path, sample_rate_hz, _AAC_BITS_PER_S)
    kind, subtype, extra = _soundfile_layout(output_format, expected_frames, mp3_bitrate_kbps)
    integer_bits = FORMATS[output_format].integer_bits
    if kind == "WAV" and integer_bits is not None:
        from separation.audio.encoding.encode_wav import PcmWavEncoder

        return PcmWavEncoder(path, sample_rate_hz, integer_bits)
    file = soundfile.SoundFile(
        path, "w", samplerate=sample_rate_hz, channels=2, format=kind, subtype=subtype, **extra
    )
    if output_format == "wav32f":
        return _FloatWavEncoder(file)
    return _SoundfileEncoder(file, integer_bits=integer_bits)


def _soundfile_layout(
    output_format: ConcreteFormat, expected_frames: int, mp3_bitrate_kbps: int
) -> tuple[str, str, dict[str, object]]:
    if output_format == "mp3":
        # libsndfile's MPEG encoder maps 0..1 linearly to 320..32 kbit/s.
        level = (320 - mp3_bitrate_kbps) / (320 - 32)
        return "MP3", "MPEG_LAYER_III", {"bitrate_mode": "CONSTANT", "compression_level": level}
    if output_format == "ogg":
        return "OGG", "VORBIS", {"compression_level": _VORBIS_COMPRESSION}
    bits = FORMATS[output_format].integer_bits or 32
    subtype = "FLOAT" if output_format == "wav32f" else f"PCM_{bits}"
    if output_format.startswith("flac"):
        return "FLAC", subtype, {}
    fits = expected_frames * 2 * bits // 8 < _WAV_SAFE_BYTES
    return "WAV" if fits else "RF64", subtype, {}
