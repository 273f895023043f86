"""What libsndfile does not read, and the sound of videos, through PyAV; allow-lists all the way.

FFmpeg gets an open file instead of an address, the one container that the magic bytes named, and
the list of decoders that it may use: no protocols, no playlists, no video decoders.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags2
from av.container import InputContainer

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.audio.endings import cut_warning
from separation.audio.readers import AudioReader, in_words, undecodable
from separation.audio.references import refuse_remote_references
from separation.audio.sniff import Container
from separation.errors import CorruptAudio, EmptyAudio, UnsupportedFormat

_FORMATS = {"wavpack": "wv"}
"""FFmpeg's names of containers where they differ from ours."""

CODECS: dict[str, str] = {
    "aac": "aac",
    "alac": "alac",
    "opus": "opus",
    "libopus": "opus",
    "vorbis": "vorbis",
    "libvorbis": "vorbis",
    "flac": "flac",
    "mp3": "mp3",
    "mp3float": "mp3",
    "mp2": "mp2",
    "mp2float": "mp2",
    "ac3": "ac3",
    "eac3": "eac3",
    "amrnb": "amr_nb",
    "amrwb": "amr_wb",
    "wmav1": "wma1",
    "wmav2": "wma2",
    "wmapro": "wma_pro",
    "wmalossless": "wma_lossless",
    "wavpack": "wavpack",
    "tta": "tta",
    "ape": "ape",
    "pcm_u8": "pcm_u8",
    "pcm_s8": "pcm_s8",
    "pcm_s16le": "pcm_16",
    "pcm_s16be": "pcm_16",
    "pcm_s24le": "pcm_24",
    "pcm_s24be": "pcm_24",
    "pcm_s32le": "pcm_32",
    "pcm_s32be": "pcm_32",
    "pcm_f32le": "pcm_float",
    "pcm_f32be": "pcm_float",
    "pcm_f64le": "pcm_double",
    "pcm_f64be": "pcm_double",
    "pcm_mulaw": "ulaw",
    "pcm_alaw": "alaw",
}
"""FFmpeg's decoders that may run, and our names for what they decode."""

_INTEGER_SCALES = {"u8": 1 / 128, "s16": 1 / 2**15, "s32": 1 / 2**31}
_LOSSLESS = ("alac", "ape", "flac", "pcm", "tta", "wavpack", "wma_lossless")
_AT_MOST_24_BITS = ("alac", "ape", "tta", "pcm_24", "wma_lossless")
_NO_SUCH_PLACE = -1
"""What FFmpeg takes for a failure to seek, after which it goes on in its own way."""

_MAX_PADDING_FRAMES = 4096
"""What an encoder may append to fill its last packet: two packets of HE-AAC."""


class _Source(io.BufferedReader):
    """A file in which FFmpeg may ask for any place, as damaged headers make it do."""

    def seek(self, target: int, whence: int = 0, /) -> int:
        try:
            return super().seek(target, whence)
        except (OSError, ValueError, OverflowError):
            return _NO_SUCH_PLACE


class PyavReader(AudioReader):
    def __init__(self, path: Path, container: Container, track: int | None = None) -> None:
        super().__init__()
        if container == "mp4":
            refuse_remote_references(path)
        self._raw = _Source(io.FileIO(path))
        try:
            self._open(path, container, track)
        except av.error.FFmpegError as error:
            self.close()
            raise CorruptAudio(undecodable(container, error.strerror)) from None
        except BaseException:
            self.close()
            raise

    def _open(self, path: Path, container: Container, track: int | None) -> None:
        self._container: InputContainer = av.open(
            self._raw,
            mode="r",
            format=_FORMATS.get(container, container),
            options={"protocol_whitelist": "none", "codec_whitelist": ",".join(CODECS)},
            metadata_errors="replace",
        )
        streams = self._container.streams.audio
        if not streams:
            raise EmptyAudio("The file holds no sound track.")
        if track is None and len(streams) > 1:
            self.warnings.append(f"The file has {len(streams)} sound tracks; the first was used.")
        if (track or 0) >= len(streams):
            raise EmptyAudio(
                f"The file has {len(streams)} sound tracks; there is no track {(track or 0) + 1}."
            )
        self._stream = stream = streams[track or 0]
        if stream.codec_context is None or stream.codec_context.name not in CODECS:
            name = getattr(stream.codec_context, "name", "an unknown codec")
            raise UnsupportedFormat(
                f"The sound is coded as {name}, which is not supported. "
                "Convert the file to WAV or FLAC."
            )
        stream.codec_context.thread_count = 1
        self.codec = CODECS[stream.codec_context.name]
        if (container, self.codec) == ("caf", "alac"):
            # The last packet of ALAC is as short as the sound; FFmpeg would cut it once more.
            stream.codec_context.flags2 |= Flags2.skip_manual
        self.rate_hz = stream.codec_context.sample_rate
        self.channels = stream.codec_context.channels
        if self.rate_hz <= 0 or self.channels <= 0 or stream.codec_context.format is None:
            raise CorruptAudio("The file does not say how its sound is stored.")
        names = tuple(channel.name for channel in stream.codec_context.layout.channels)
        self.layout = names if len(names) == self.channels else None
        self.bit_depth = self._bit_depth()
        self.header_frames = self._claimed_frames()
        if cut := cut_warning(path, container):
            self.warnings.append(cut)
        # In MP4 the duration is that of the edit list: exact, without the encoder's padding.
        self._exact_frames = self.header_frames if container == "mp4" else None

    def _bit_depth(self) -> int | None:
        if not self.codec.startswith(_LOSSLESS):
            return None
        bits = self._stream.codec_context.format.bits
        if self.codec == "flac":
            return _flac_depth(self._stream.codec_context.extradata) or bits
        # Decoders hand 24 bits over in words of 32.
        return 24 if bits == 32 and self.codec in _AT_MOST_24_BITS else bits

    def _claimed_frames(self) -> int | None:
        stream = self._stream
        if stream.duration and stream.time_base:
            seconds = float(stream.duration * stream.time_base)
        elif self._container.duration:
            seconds = self._container.duration / av.time_base
        else:
            return None
        return max(round(seconds * self.rate_hz), 0) or None

    def blocks(self) -> Iterator[FloatArray]:
        given = 0
        behind: list[FloatArray] = []
        for block in self._batches():
            room = block.shape[1] if self._exact_frames is None else self._exact_frames - given
            if room > 0:
                given += min(room, block.shape[1])
                yield block[:, :room]
                block = block[:, room:]
            if block.shape[1]:
                behind.append(block)
            # More than padding behind the stated end: the header is wrong, the sound is right.
            if sum(part.shape[1] for part in behind) > _MAX_PADDING_FRAMES:
                self._exact_frames = None
                yield from behind
                behind = []

    def _batches(self) -> Iterator[FloatArray]:
        """Decoded frames put together to blocks: one AAC frame is only 1024 samples."""
        parts: list[FloatArray] = []
        held = 0
        for part in self._frames():
            parts.append(part)
            held += part.shape[1]
            if held * self.channels >= 2 * BLOCK_FRAMES:
                yield np.concatenate(parts, axis=1)
                parts, held = [], 0
        if parts:
            yield np.concatenate(parts, axis=1)

    def _frames(self) -> Iterator[FloatArray]:
        damaged = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                self.warnings.append(
                    f"The file is damaged or cut off ({in_words(error.strerror)}); "
                    "only what comes before that was used."
                )
                break
            if packet is None:
                break
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                yield self._as_float(frame)
        if damaged == 1:
            self.warnings.append("A damaged part of the file was left out.")
        elif damaged:
            self.warnings.append(f"{damaged} damaged parts of the file were left out.")

    def _as_float(self, frame: Any) -> FloatArray:
        channels = frame.layout.nb_channels
        if channels != self.channels or frame.sample_rate != self.rate_hz:
            raise CorruptAudio(
                "The file changes its sample rate or its number of channels half-way. "
                "Convert it to WAV or FLAC first."
            )
        data = frame.to_ndarray()
        name = frame.format.name
        if not name.endswith("p"):
            data = data.reshape(-1, channels).T
        kind = name.removesuffix("p")
        if kind in ("flt", "dbl"):
            return np.ascontiguousarray(data, dtype=np.float32)
        if kind not in _INTEGER_SCALES:
            raise UnsupportedFormat(f"Samples stored as {name} are not supported.")
        centred = data.astype(np.float32) - (128.0 if kind == "u8" else 0.0)
        return np.ascontiguousarray(centred * np.float32(_INTEGER_SCALES[kind]))

    def position_bytes(self) -> int:
        return self._raw.tell()

    def text_tags(self) -> dict[str, str]:
        found = {**self._container.metadata, **self._stream.metadata}
        return {key.lower(): value for key, value in found.items()}

    def close(self) -> None:
        container = getattr(self, "_container", None)
        if container is not None:
            container.close()
        self._raw.close()


def _flac_depth(stream_info: bytes | None) -> int | None:
    """Bits of a sample (RFC 9639, section 8.2)."""
    if stream_info is None or len(stream_info) < 14:
        return None
    return (int.from_bytes(stream_info[12:14], "big") >> 4 & 0x1F) + 1
