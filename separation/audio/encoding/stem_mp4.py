"""NI Stems (``.stem.mp4``): a song and its four stems as five tracks of one file.

Native Instruments, "Stem File Specification" (2015): the master is the first track and enabled;
exactly four stems follow and are not enabled. All are AAC of about 256 kbit/s at 44.1 kHz with two
channels. ``moov/udta/stem`` holds JSON with the names and colours of the stems and the settings of
a compressor and a limiter.

What readers require is taken from Mixxx (``src/track/steminfoimporter.cpp``: the first ``udta`` of
the first ``moov``, ``version`` 1, ``stems`` with ``name`` and ``color``, no 64-bit ``mdat``;
``src/sources/soundsourcestem.cpp``: five streams, all in stereo). The colours and the switched-off
effects are those of NI's ``ni-stem`` tool.
"""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream

from separation.audio.blocks import FloatArray
from separation.audio.encoding.preview import WAVEFORMS_ONLY
from separation.audio.metadata.mp4_boxes import BoxesBroken, add_user_data, content_of, find_boxes
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.errors import DiskFull, OutputInvalid
from separation.progress import never_stop
from separation.system.closeable import Closing

EXTENSION = ".stem.mp4"
STEMS = ("drums", "bass", "other", "vocals")
"""The stems in the order in which decks and controllers show them."""

TRACKS = ("master", *STEMS)
_COLORS = {"drums": "#009E73", "bass": "#D55E00", "other": "#CC79A7", "vocals": "#56B4E9"}
_BITS_PER_S = 256_000
LONGEST_S = (2**32 - 2**26) // (len(TRACKS) * _BITS_PER_S // 8)
"""Seven hours: beyond 4 GiB of sound the file would need a box that readers do not understand."""

_ATOM = (b"moov", b"udta", b"stem")
_ENABLED = 1
"""Flag of a track header (ISO/IEC 14496-12, 8.3.2)."""

_PADDING_FRAMES = 2 * 1024
"""Frames that AAC may append: to fill its last frame, and one more for its window."""

_DSP = {
    "compressor": {
        "enabled": False,
        "ratio": 3,
        "output_gain": 0.5,
        "release": 0.3,
        "attack": 0.003,
        "input_gain": 0.5,
        "threshold": 0,
        "hp_cutoff": 300,
        "dry_wet": 50,
    },
    "limiter": {"enabled": False, "release": 0.05, "threshold": 0, "ceiling": -0.35},
}


def stem_manifest() -> dict[str, Any]:
    """Return the content of ``moov/udta/stem``, as JSON."""
    stems = [{"name": name.capitalize(), "color": _COLORS[name]} for name in STEMS]
    return {"mastering_dsp": _DSP, "version": 1, "stems": stems}


class StemFileWriter(Closing):
    """Appends blocks of all five tracks at 44.1 kHz; a context manager.

    Of its memory, only the muxer's list of packets grows with the song: about 15 kB a second.
    """

    def __init__(self, path: Path) -> None:
        self._container = av.open(
            str(path),
            "w",
            format="mp4",
            # As in :mod:`separation.audio.encoding.encode_m4a`. The header stays behind the sound,
            # so that a box can be added to it.
            container_options={"movie_timescale": str(SAMPLE_RATE_HZ)},
        )
        self._streams = [self._stream() for _ in TRACKS]
        self._pool = ThreadPoolExecutor(len(TRACKS))
        self._frames = 0
        self._open = True

    def _stream(self) -> AudioStream:
        stream = self._container.add_stream(
            "aac", rate=SAMPLE_RATE_HZ, layout="stereo", options=WAVEFORMS_ONLY
        )
        assert isinstance(stream, AudioStream)
        stream.bit_rate = _BITS_PER_S
        return stream

    def write(self, blocks: Sequence[FloatArray]) -> None:
        """One float32 block (2, n) within full scale for each of ``TRACKS``, all of one length."""
        encoded = list(self._pool.map(self._encode, self._streams, blocks))
        self._frames += blocks[0].shape[1]
        self._mux(encoded)

    def _encode(self, stream: AudioStream, block: FloatArray) -> list[Any]:
        samples = np.ascontiguousarray(np.clip(block, -1.0, 1.0))
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = self._frames
        return list(stream.encode(frame))

    def _mux(self, encoded: Sequence[list[Any]]) -> None:
        try:
            for packets in encoded:
                for packet in packets:
                    self._container.mux(packet)
        except OSError as error:
            raise DiskFull("The file for DJs could not be written: the disk is full.") from error

    def finish(self) -> None:
        """Write the frames that the encoders still hold; no :meth:`write` may follow."""
        if self._frames:
            self._mux([list(stream.encode(None)) for stream in self._streams])

    def close(self) -> None:
        if self._open:
            self._open = False
            self._pool.shutdown()
            self._container.close()


def add_stem_manifest(path: Path) -> None:
    """Add the stem manifest to a closed file, so that decks recognise its stems. Write the tags
    before."""
    try:
        add_user_data(path, _ATOM[-1], json.dumps(stem_manifest()).encode())
    except BoxesBroken as error:
        raise OutputInvalid(f"The file {path.name} cannot be made one of stems: {error}.") from None


def verify_stem_file(path: Path, frames: int, check: Callable[[], None] = never_stop) -> None:
    """Read the file again. It must have five decodable tracks of ``frames`` at 44.1 kHz that begin
    together, only the first enabled, and the names of the stems. ``check`` is called during
    decoding.

    Raises ``OutputInvalid`` in words.
    """
    try:
        _check_boxes(path)
        decoded = _decoded_frames(path, frames, check)
    except (BoxesBroken, av.error.FFmpegError) as error:
        raise _invalid(path, f"it cannot be read again ({error})") from error
    if len(set(decoded)) != 1 or not frames <= decoded[0] <= frames + _PADDING_FRAMES:
        raise _invalid(path, f"its tracks decode to {decoded} frames, not {frames}")


def _check_boxes(path: Path) -> None:
    with path.open("rb") as file:
        manifests = [json.loads(content_of(file, box)) for box in find_boxes(file, *_ATOM)]
        if manifests != [stem_manifest()]:
            raise _invalid(path, "it does not name its stems")
        headers = find_boxes(file, b"moov", b"trak", b"tkhd")
        enabled = [content_of(file, box)[3] & _ENABLED for box in headers]
        if enabled != [_ENABLED] + [0] * len(STEMS):
            raise _invalid(path, f"of its tracks these are enabled: {enabled}")
        edits = {
            content_of(file, box) for box in find_boxes(file, b"moov", b"trak", b"edts", b"elst")
        }
        if len(edits) != 1:
            raise _invalid(path, "its tracks do not begin or end together")


def _decoded_frames(path: Path, frames: int, check: Callable[[], None]) -> list[int]:
    with av.open(str(path)) as container:
        streams = container.streams.audio
        layouts = [(s.codec_context.channels, s.codec_context.sample_rate) for s in streams]
        if layouts != [(CHANNELS, SAMPLE_RATE_HZ)] * len(TRACKS):
            raise _invalid(path, f"it has the tracks {layouts}")
        if {stream.duration for stream in streams} != {frames}:
            raise _invalid(path, f"a track does not say that it has {frames} frames")
        counted = [0] * len(streams)
        for packet in container.demux(*streams):
            check()
            for frame in packet.decode():
                assert isinstance(frame, av.AudioFrame)
                if not np.isfinite(frame.to_ndarray()).all():
                    raise _invalid(path, "it holds samples that are not numbers")
                counted[packet.stream.index] += frame.samples
    return counted


def _invalid(path: Path, what: str) -> OutputInvalid:
    return OutputInvalid(f"The file {path.name} is wrong: {what}.")
