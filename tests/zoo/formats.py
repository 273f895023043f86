"""One specimen or more for each row of the table of formats in docs/formats.md."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.zoo.ape import silent_ape
from tests.zoo.flac import flac_file
from tests.zoo.making import Sound, as_integers, by_ffmpeg, by_libsndfile, song

STEPS_OF_8_BITS = 0.02
STEPS_OF_16_BITS = 2e-4
EXACT = 1e-6
LOSSY = 0.2
"""Relative errors (root mean square) that a codec may make; the sound is tones with some noise."""


@dataclass(frozen=True)
class Format:
    """``sound`` is what was encoded; ``more_frames``: what the codec may add or leave out at the
    end, where the container cannot say exactly where that is; ``late_frames``: how much later the
    sound may come out, where the encoder does not say how long it takes; ``early_frames``: how much
    of it may be missing at the start."""

    name: str
    container: str
    codec: str
    write: Callable[[Path, Sound, int], object]
    tolerance: float = EXACT
    rate_hz: int = 44_100
    channels: int = 2
    frames: int = 12_001
    more_frames: int = 0
    late_frames: int = 0
    early_frames: int = 0

    def sound(self) -> Sound:
        return song(self.frames, self.rate_hz, self.channels)

    def make(self, path: Path) -> None:
        self.write(path, self.sound(), self.rate_hz)


def _plain(kind: str, subtype: str, **choices: Any) -> Callable[[Path, Sound, int], None]:
    def write(path: Path, sound: Sound, rate_hz: int) -> None:
        by_libsndfile(path, sound, rate_hz, kind=kind, subtype=subtype, **choices)

    return write


def _ffmpeg(kind: str, codec: str, **choices: Any) -> Callable[[Path, Sound, int], None]:
    def write(path: Path, sound: Sound, rate_hz: int) -> None:
        by_ffmpeg(path, sound, rate_hz, kind=kind, codec=codec, **choices)

    return write


def _own_flac(bits: int) -> Callable[[Path, Sound, int], None]:
    def write(path: Path, sound: Sound, rate_hz: int) -> None:
        path.write_bytes(flac_file(as_integers(sound, bits), bits=bits, rate_hz=rate_hz))

    return write


def _layer_one(path: Path, sound: Sound, rate_hz: int) -> None:
    """Frames of MPEG-1 layer I, 384 kbit/s, 32 kHz, whose bands are all unused: silence."""
    header = struct.pack(">I", 0xFFFFC800)
    path.write_bytes((header + bytes(12 * 384_000 // rate_hz * 4 - 4)) * (sound.shape[1] // 384))


def _silent_ape(bits: int) -> Callable[[Path, Sound, int], object]:
    return lambda path, sound, rate_hz: path.write_bytes(
        silent_ape(sound.shape[1], rate_hz, bits=bits)
    )


_PCM_STEPS = {
    "PCM_U8": ("pcm_u8", STEPS_OF_8_BITS),
    "PCM_S8": ("pcm_s8", STEPS_OF_8_BITS),
    "PCM_16": ("pcm_16", STEPS_OF_16_BITS),
    "PCM_24": ("pcm_24", EXACT),
    "PCM_32": ("pcm_32", EXACT),
    "FLOAT": ("pcm_float", EXACT),
    "DOUBLE": ("pcm_double", EXACT),
    "ULAW": ("ulaw", 0.05),
    "ALAW": ("alaw", 0.05),
}
_PCM = ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
_PLAIN_SUBTYPES = {
    "WAV": ("PCM_U8", *_PCM),
    "RF64": ("PCM_U8", *_PCM),
    "W64": ("PCM_U8", *_PCM),
    "AIFF": ("PCM_S8", *_PCM),
    "CAF": ("PCM_S8", *_PCM),
    "AU": ("PCM_S8", *_PCM),
}

PLAIN = tuple(
    Format(f"{kind}-{_PCM_STEPS[subtype][0]}", kind.lower(), _PCM_STEPS[subtype][0],
           _plain(kind, subtype), _PCM_STEPS[subtype][1])
    for kind, subtypes in _PLAIN_SUBTYPES.items()
    for subtype in subtypes
)  # fmt: skip

_WAV = Format("wav", "wav", "pcm_16", _plain("WAV", "PCM_16"), STEPS_OF_16_BITS)
RATES_AND_CHANNELS = (
    replace(_WAV, name="wav-mono", channels=1),
    replace(_WAV, name="wav-8-channels", channels=8, tolerance=1e-3),
    replace(_WAV, name="wav-8000", rate_hz=8_000),
    replace(_WAV, name="wav-11025", rate_hz=11_025),
    replace(_WAV, name="wav-192000", rate_hz=192_000),
    replace(_WAV, name="wav-one-frame", frames=1, tolerance=0.01),
    replace(_WAV, name="wav-ima", codec="ima_adpcm", write=_plain("WAV", "IMA_ADPCM"),
            tolerance=LOSSY, more_frames=1100),
    replace(_WAV, name="wav-ms", codec="ms_adpcm", write=_plain("WAV", "MS_ADPCM"),
            tolerance=LOSSY, more_frames=1100),
)  # fmt: skip

_FLAC = Format("flac", "flac", "flac", _plain("FLAC", "PCM_16"), STEPS_OF_16_BITS, frames=5_001)
FLAC = (
    _FLAC,
    *(
        replace(_FLAC, name=f"flac-{bits}-bit", write=_own_flac(bits),
                tolerance=2.0 ** (3 - bits) + 1e-7)
        for bits in (4, 8, 12, 16, 20, 24, 32)
    ),
    *(
        replace(_FLAC, name=f"flac-{channels}-channels", channels=channels)
        for channels in (1, 3, 4, 5, 6, 7, 8)
    ),
    replace(_FLAC, name="flac-8-channels-655350", rate_hz=655_350, channels=8, frames=40_001,
            write=_own_flac(24)),
    replace(_FLAC, name="flac-1000", rate_hz=1_000),
    replace(_FLAC, name="flac-in-ogg", container="ogg", write=_ffmpeg("ogg", "flac")),
    replace(_FLAC, name="flac-in-ogg-32", container="ogg", tolerance=EXACT,
            write=_ffmpeg("ogg", "flac", sample_format="s32")),
)  # fmt: skip

_MP3 = Format("mp3", "mp3", "mp3", _plain("MP3", "MPEG_LAYER_III"), LOSSY)
MPEG = (
    *(
        replace(_MP3, name=f"mp3-{rate_hz}", rate_hz=rate_hz)
        for rate_hz in (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
    ),
    replace(_MP3, name="mp3-mono", channels=1),
    *(
        replace(_MP3, name=f"mp3-{mode.lower()}",
                write=_plain("MP3", "MPEG_LAYER_III", bitrate_mode=mode, compression_level=0.2))
        for mode in ("CONSTANT", "AVERAGE", "VARIABLE")
    ),
    replace(_MP3, name="mp3-320", write=_ffmpeg("mp3", "libmp3lame", kbps=320)),
    replace(_MP3, name="mpeg-layer-2", codec="mp2", write=_ffmpeg("mp2", "mp2", kbps=256),
            more_frames=1152, late_frames=1200),
    replace(_MP3, name="mpeg-layer-1", codec="mp1", write=_layer_one, tolerance=2.0,
            frames=38_400, rate_hz=32_000),
)  # fmt: skip

_OGG = Format("ogg", "ogg", "vorbis", _plain("OGG", "VORBIS"), LOSSY)
_OPUS = Format("opus", "ogg", "opus", _ffmpeg("ogg", "libopus"), LOSSY, rate_hz=48_000)
OGG = (
    _OGG,
    replace(_OGG, name="ogg-8000", rate_hz=8_000),
    replace(_OGG, name="ogg-96000", rate_hz=96_000, frames=40_001),
    replace(_OGG, name="ogg-6-channels", channels=6),
    replace(_OGG, name="ogg-best", write=_plain("OGG", "VORBIS", compression_level=0.0)),
    replace(_OGG, name="ogg-ffmpeg", write=_ffmpeg("ogg", "vorbis", kbps=192), more_frames=1024,
            tolerance=0.3),
    _OPUS,
    replace(_OPUS, name="opus-mono", channels=1),
)  # fmt: skip

_AAC = Format("m4a", "mp4", "aac", _ffmpeg("ipod", "aac", kbps=192), LOSSY, more_frames=48)
MP4 = (
    _AAC,
    replace(_AAC, name="m4a-mono-11025", channels=1, rate_hz=11_025,
            write=_ffmpeg("ipod", "aac", kbps=48)),
    replace(_AAC, name="mov", write=_ffmpeg("mov", "aac", kbps=192)),
    replace(_AAC, name="alac-16", codec="alac", tolerance=STEPS_OF_16_BITS,
            write=_ffmpeg("ipod", "alac", sample_format="s16p")),
    replace(_AAC, name="alac-24", codec="alac", tolerance=EXACT,
            write=_ffmpeg("ipod", "alac", sample_format="s32p")),
    replace(_AAC, name="mp4-flac", codec="flac", tolerance=STEPS_OF_16_BITS,
            write=_ffmpeg("mp4", "flac")),
    replace(_AAC, name="mp4-opus", codec="opus", rate_hz=48_000, write=_ffmpeg("mp4", "libopus")),
    replace(_AAC, name="mp4-mp3", codec="mp3", write=_ffmpeg("mp4", "libmp3lame", kbps=192)),
    replace(_AAC, name="mp4-ac3", codec="ac3", rate_hz=48_000, more_frames=1536, late_frames=256,
            write=_ffmpeg("mp4", "ac3", kbps=256)),
    replace(_AAC, name="mov-24", codec="pcm_24", tolerance=EXACT,
            write=_ffmpeg("mov", "pcm_s24le")),
    replace(_AAC, name="mov-16-big-endian", codec="pcm_16", tolerance=STEPS_OF_16_BITS,
            write=_ffmpeg("mov", "pcm_s16be")),
    replace(_AAC, name="3gp-amr", codec="amr_nb", rate_hz=8_000, channels=1, tolerance=LOSSY,
            more_frames=160, late_frames=300, write=_ffmpeg("3gp", "libopencore_amrnb", kbps=12)),
)  # fmt: skip

_MKV = replace(_AAC, container="matroska", more_frames=2048)
MATROSKA = (
    replace(_MKV, name="webm-opus", codec="opus", rate_hz=48_000,
            write=_ffmpeg("webm", "libopus")),
    replace(_MKV, name="webm-vorbis", codec="vorbis", tolerance=0.3,
            write=_ffmpeg("webm", "vorbis", kbps=192)),
    replace(_MKV, name="mkv-aac", write=_ffmpeg("matroska", "aac", kbps=192), late_frames=1024),
    replace(_MKV, name="mkv-mp3", codec="mp3", write=_ffmpeg("matroska", "libmp3lame", kbps=192),
            late_frames=1200),
    replace(_MKV, name="mkv-ac3", codec="ac3", rate_hz=48_000, late_frames=256,
            write=_ffmpeg("matroska", "ac3", kbps=256)),
    replace(_MKV, name="mkv-flac", codec="flac", tolerance=STEPS_OF_16_BITS, more_frames=0,
            write=_ffmpeg("matroska", "flac")),
    replace(_MKV, name="mkv-wavpack", codec="wavpack", tolerance=EXACT, more_frames=0,
            write=_ffmpeg("matroska", "wavpack", sample_format="fltp")),
    replace(_MKV, name="mkv-float", codec="pcm_float", tolerance=EXACT, more_frames=0,
            write=_ffmpeg("matroska", "pcm_f32le")),
)  # fmt: skip

_WMA_1 = Format(
    "wma-1",
    "asf",
    "wma1",
    _ffmpeg("asf", "wmav1", kbps=192),
    LOSSY,
    more_frames=2048,
    early_frames=2048,
)
"""FFmpeg's decoder leaves out two frames at the start; its encoder puts one before the sound."""

_WMA = (
    _WMA_1,
    replace(_WMA_1, name="wma-2", codec="wma2", write=_ffmpeg("asf", "wmav2", kbps=192)),
    replace(_WMA_1, name="wma-2-22050", codec="wma2", write=_ffmpeg("asf", "wmav2", kbps=96),
            rate_hz=22_050, early_frames=1024),
)  # fmt: skip

OTHERS = (
    Format("caf-alac-16", "caf", "alac", _plain("CAF", "ALAC_16"), STEPS_OF_16_BITS),
    Format("caf-alac-24", "caf", "alac", _plain("CAF", "ALAC_24")),
    Format("caf-alac-32", "caf", "alac", _plain("CAF", "ALAC_32")),
    Format("caf-alac-ffmpeg", "caf", "alac", _ffmpeg("caf", "alac", sample_format="s32p")),
    Format("wavpack-16", "wavpack", "wavpack", _ffmpeg("wv", "wavpack", sample_format="s16p"),
           STEPS_OF_16_BITS),
    Format("wavpack-32", "wavpack", "wavpack", _ffmpeg("wv", "wavpack", sample_format="s32p")),
    Format("wavpack-float", "wavpack", "wavpack", _ffmpeg("wv", "wavpack", sample_format="fltp")),
    Format("tta-8", "tta", "tta", _ffmpeg("tta", "tta", sample_format="u8"), STEPS_OF_8_BITS),
    Format("tta-16", "tta", "tta", _ffmpeg("tta", "tta", sample_format="s16"), STEPS_OF_16_BITS),
    Format("tta-24", "tta", "tta", _ffmpeg("tta", "tta", sample_format="s32")),
    Format("ape-16", "ape", "ape", _silent_ape(16), tolerance=2.0),
    Format("ape-24", "ape", "ape", _silent_ape(24), tolerance=2.0),
    Format("adts", "aac", "aac", _ffmpeg("adts", "aac", kbps=192), LOSSY, more_frames=2048,
           late_frames=1024),
    Format("adts-11025", "aac", "aac", _ffmpeg("adts", "aac", kbps=96), LOSSY, rate_hz=11_025,
           more_frames=2048, late_frames=1024),
    Format("ac3", "ac3", "ac3", _ffmpeg("ac3", "ac3", kbps=256), LOSSY, rate_hz=48_000,
           more_frames=1536, late_frames=256),
    Format("ac3-44100", "ac3", "ac3", _ffmpeg("ac3", "ac3", kbps=256), LOSSY, more_frames=1536,
           late_frames=256),
    Format("eac3", "eac3", "eac3", _ffmpeg("eac3", "eac3", kbps=256), LOSSY, rate_hz=48_000,
           more_frames=1536, late_frames=256),
    Format("amr", "amr", "amr_nb", _ffmpeg("amr", "libopencore_amrnb", kbps=12), LOSSY,
           rate_hz=8_000, channels=1, more_frames=160, late_frames=300),
    *_WMA,
    Format("asf-mp3", "asf", "mp3", _ffmpeg("asf", "libmp3lame", kbps=192), LOSSY,
           more_frames=2400, late_frames=1200),
    Format("avi-mp3", "avi", "mp3", _ffmpeg("avi", "libmp3lame", kbps=192), LOSSY,
           more_frames=2400, late_frames=1200),
    Format("avi-pcm", "avi", "pcm_16", _ffmpeg("avi", "pcm_s16le"), STEPS_OF_16_BITS),
)  # fmt: skip

FORMATS = (*PLAIN, *RATES_AND_CHANNELS, *FLAC, *MPEG, *OGG, *MP4, *MATROSKA, *OTHERS)
