"""Decoding through PyAV of formats that libsndfile does not read, and of the sound of videos.

FFmpeg receives an open file instead of an address, the one container that the magic bytes named,
and an allow-list of decoders. It cannot use protocols, playlists or video decoders.
"""

import io
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags2
from av.container import InputContainer

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.audio.decoding.external_references import refuse_remote_references
from separation.audio.decoding.file_span import WHOLE, FileSpan, Span
from separation.audio.decoding.readers import DAMAGED, AudioReader, SoundForm, in_words, undecodable
from separation.audio.decoding.sniff import Container
from separation.audio.decoding.truncation import cut_warning
from separation.errors import CorruptAudio, EmptyAudio, UnsupportedFormat

_FORMATS = {"wavpack": "wv"}
"""FFmpeg's names of containers where they differ from those of ``Container``."""

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
    "mp1": "mp1",
    "mp1float": "mp1",
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
"""Allow-list of FFmpeg's decoders, with the codec names of ``SourceFacts``."""

_INTEGER_SCALES = {"u8": 1 / 128, "s16": 1 / 2**15, "s32": 1 / 2**31}
_LOSSLESS = ("alac", "ape", "flac", "pcm", "tta", "wavpack", "wma_lossless")
_AT_MOST_24_BITS = ("alac", "ape", "tta", "pcm_24", "wma_lossless")
_NO_SUCH_PLACE = -1
"""Return value for a failed seek; FFmpeg handles it and continues."""

_MAX_PADDING_FRAMES = 4096
"""Most padding that an encoder appends to fill its last packet: two packets of HE-AAC."""


class _Source(io.BufferedReader):
    """A file in which FFmpeg may seek to any offset, which damaged headers cause."""

    def seek(self, target: int, whence: int = 0, /) -> int:
        try:
            return super().seek(target, whence)
        except (OSError, ValueError, OverflowError):
            return _NO_SUCH_PLACE


class PyavReader(AudioReader):
    """One sound track of a file, or of a ``span`` of it."""

    def __init__(
        self,
        path: Path,
        container: Container,
        track: int | None = None,
        *,
        span: Span | None = None,
    ) -> None:
        super().__init__()
        if container == "mp4":
            refuse_remote_references(path)
        self._start = (span or WHOLE).start
        self._raw = _Source(FileSpan(path, span or WHOLE))
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
        if self.codec == "flac":
            # The decoder leaves out a damaged frame, which would decode to a burst of noise.
            stream.codec_context.options = {"err_detect": "crccheck+explode"}
        if (container, self.codec) == ("caf", "alac"):
            # The last packet of ALAC already ends with the sound; FFmpeg would cut it again.
            stream.codec_context.flags2 |= Flags2.skip_manual
        self.rate_hz = stream.codec_context.sample_rate
        self.channels = stream.codec_context.channels
        if self.rate_hz <= 0 or self.channels <= 0 or stream.codec_context.format is None:
            raise CorruptAudio("The file does not say how its sound is stored.")
        self.layout = _layout(stream.codec_context)
        self.bit_depth = self._bit_depth()
        self.header_frames = self._claimed_frames(container)
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
        # Decoders return 24-bit samples in words of 32 bits.
        return 24 if bits == 32 and self.codec in _AT_MOST_24_BITS else bits

    def _claimed_frames(self, container: Container) -> int | None:
        seconds = self._claimed_seconds(container)
        frames = None if seconds is None else max(round(seconds * self.rate_hz), 0) or None
        if container == "mp4" and frames:
            return _without_padding(frames, self._container.metadata.get("iTunSMPB", ""))
        return frames

    def _claimed_seconds(self, container: Container) -> float | None:
        """Return the claimed length of the sound track. The length of the whole file may be that of
        its picture or of another track."""
        stream, has_others = self._stream, len(self._container.streams) > 1
        if container == "matroska" and (duration := stream.metadata.get("DURATION")):
            return _clock_seconds(duration)
        if container == "asf" and has_others:
            # FFmpeg reports the length of the file for every track.
            return None
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        if self._container.duration and not has_others:
            return self._container.duration / av.time_base
        return None

    def blocks(self) -> Iterator[FloatArray]:
        for form, block in self._trimmed():
            self._form = form
            yield block

    def _trimmed(self) -> Iterator[tuple[SoundForm, FloatArray]]:
        yielded = 0
        behind: list[tuple[SoundForm, FloatArray]] = []
        for form, block in self._batches():
            if not yielded:
                self._begin_with(form)
            room = block.shape[1] if self._exact_frames is None else self._exact_frames - yielded
            if room > 0:
                yielded += min(room, block.shape[1])
                yield form, block[:, :room]
                block = block[:, room:]
            if block.shape[1]:
                behind.append((form, block))
            # More sound than padding follows the stated end: the header is wrong.
            if sum(part.shape[1] for _, part in behind) > _MAX_PADDING_FRAMES:
                self._exact_frames = None
                yield from behind
                behind = []

    def _begin_with(self, form: SoundForm) -> None:
        """Adopt the form of the first frame, which is right where the container states another."""
        if form.rate_hz != self.rate_hz:
            self.header_frames = _rescaled(self.header_frames, form.rate_hz, self.rate_hz)
            self._exact_frames = _rescaled(self._exact_frames, form.rate_hz, self.rate_hz)
        self.rate_hz, self.channels, self.layout = form

    def _batches(self) -> Iterator[tuple[SoundForm, FloatArray]]:
        """Yield decoded frames of one form joined to blocks: an AAC frame has only 1024 samples."""
        parts: list[FloatArray] = []
        held, held_form = 0, self.form
        for form, part in self._frames():
            if parts and (form != held_form or held * form.channels >= 2 * BLOCK_FRAMES):
                yield held_form, np.concatenate(parts, axis=1)
                parts, held = [], 0
            parts.append(part)
            held, held_form = held + part.shape[1], form
        if parts:
            yield held_form, np.concatenate(parts, axis=1)

    def _frames(self) -> Iterator[tuple[SoundForm, FloatArray]]:
        damaged = 0
        clock = _GapClock(self._stream.time_base) if self._container.format.name == "flac" else None
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
                form = SoundForm(frame.sample_rate, frame.layout.nb_channels, _layout(frame))
                if clock is not None:
                    self.lost_frames += clock.gap(frame)
                yield form, self._as_float(frame)
        if damaged == 1 or (self.lost_frames and not damaged):
            self.warnings += [DAMAGED] * (DAMAGED not in self.warnings)
        elif damaged:
            self.warnings.append(f"{damaged} damaged parts of the file were left out.")

    def _as_float(self, frame: Any) -> FloatArray:
        data = frame.to_ndarray()
        name = frame.format.name
        if not name.endswith("p"):
            data = data.reshape(-1, frame.layout.nb_channels).T
        kind = name.removesuffix("p")
        if kind in ("flt", "dbl"):
            return np.ascontiguousarray(data, dtype=np.float32)
        if kind not in _INTEGER_SCALES:
            raise UnsupportedFormat(f"Samples stored as {name} are not supported.")
        centred = data.astype(np.float32) - (128.0 if kind == "u8" else 0.0)
        return np.ascontiguousarray(centred * np.float32(_INTEGER_SCALES[kind]))

    def position_bytes(self) -> int:
        return self._start + self._raw.tell()

    def text_tags(self) -> dict[str, str]:
        found = {**self._container.metadata, **self._stream.metadata}
        return {key.lower(): value for key, value in found.items()}

    def close(self) -> None:
        container = getattr(self, "_container", None)
        if container is not None:
            container.close()
        self._raw.close()


def _clock_seconds(duration: str) -> float | None:
    """Return the seconds of a Matroska DURATION such as ``00:01:02.5``."""
    match = re.fullmatch(r"(\d{1,6}):(\d\d):(\d\d(?:\.\d{1,9})?)", duration)
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _without_padding(frames: int, note: str) -> int:
    """Return the length in a note of iTunes: zero, delay, padding and length, each hexadecimal.

    The note is ignored where its length exceeds ``frames``.
    """
    fields = note.split()
    if len(fields) < 4 or not re.fullmatch(r"[0-9A-Fa-f]{1,16}", fields[3]):
        return frames
    length = int(fields[3], 16)
    return length if 0 < length < frames else frames


class _GapClock:
    """Finds frames of a damaged FLAC that FFmpeg drops silently, by the frames' numbers."""

    def __init__(self, time_base: Fraction | None) -> None:
        self._time_base = time_base or Fraction(1)
        self._next: int | None = 0

    def gap(self, frame: Any) -> int:
        """Return the number of frames that are missing before this one. A frame without a number
        counts as following directly."""
        start = self._next if frame.pts is None else self._at(frame)
        gap = start - self._next if start is not None and self._next is not None else 0
        self._next = None if start is None else start + frame.samples
        return max(gap, 0)

    def _at(self, frame: Any) -> int:
        return int(frame.pts * self._time_base * frame.sample_rate)


def _rescaled(frames: int | None, rate_hz: int, before_hz: int) -> int | None:
    return None if frames is None else frames * rate_hz // before_hz


def _layout(sound: Any) -> tuple[str, ...] | None:
    """Return the names of the channels of a codec or a frame."""
    names = tuple(channel.name for channel in sound.layout.channels)
    return names if len(names) == sound.layout.nb_channels else None


def _flac_depth(stream_info: bytes | None) -> int | None:
    """Return the bits per sample (RFC 9639, section 8.2)."""
    if stream_info is None or len(stream_info) < 14:
        return None
    return (int.from_bytes(stream_info[12:14], "big") >> 4 & 0x1F) + 1
