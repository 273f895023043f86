"""Compressed copies for listening in a browser: AAC in ADTS, with an index of byte offsets.

Each frame of ADTS decodes by itself except for its overlap with the frame before it, so a player
can fetch and decode any range. FFmpeg's encoder with its fast search takes a fifth of LAME's time
for an MP3 of the same bit rate.
"""

from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream

from separation.audio.blocks import FloatArray
from separation.base import SAMPLE_RATE_HZ
from separation.errors import DiskFull
from separation.system.closeable import Closing

CONTENT_TYPE = "audio/aac"
FRAME_SAMPLES = 1024
"""Samples of a frame of AAC-LC (ISO/IEC 14496-3)."""

DELAY_SAMPLES = 1024
"""Samples that FFmpeg's encoder inserts before the first one (its ``initial_padding``)."""

STRIDE = 16
"""Frames from one entry of the index to the next: 0.37 s."""

_BITS_PER_S = 128_000
WAVEFORMS_ONLY = {"aac_coder": "fast", "aac_tns": "0", "aac_pns": "0", "aac_is": "0"}
"""Options of FFmpeg's AAC encoder. They switch off noise substitution and intensity stereo, whose
errors do not cancel when a player sums the stems. Encoding is also a tenth faster, and 1 dB nearer
to the original (a synthetic song of 51 s)."""

_HEADER_BYTES = 7
"""ADTS header before each frame (ISO/IEC 13818-7, 6.2; without the optional checksum)."""


class PreviewWriter(Closing):
    """Writes blocks of float32 (2, frames) at 44.1 kHz to an ADTS file.

    ``offsets``: byte offsets in the file of frames 0, ``STRIDE``, 2 * ``STRIDE`` and so on.
    """

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path), "w", format="adts")
        stream = self._container.add_stream(
            "aac", rate=SAMPLE_RATE_HZ, layout="stereo", options=WAVEFORMS_ONLY
        )
        assert isinstance(stream, AudioStream)
        stream.bit_rate = _BITS_PER_S
        self._stream = stream
        self._written = self._frames = self._bytes = 0
        self._open = True
        self.offsets: list[int] = []

    def write(self, block: FloatArray) -> None:
        if not block.shape[1]:
            return
        samples = np.ascontiguousarray(np.clip(block, -1.0, 1.0))
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = self._written
        self._written += block.shape[1]
        self._mux(frame)

    def finish(self) -> None:
        """Write the frames that the encoder still holds; no :meth:`write` may follow."""
        if self._written:
            self._mux(None)

    def _mux(self, frame: av.AudioFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                if self._frames % STRIDE == 0:
                    self.offsets.append(self._bytes)
                self._frames += 1
                self._bytes += packet.size + _HEADER_BYTES
                self._container.mux(packet)
        except OSError as error:
            raise DiskFull("A preview could not be written: the disk is full.") from error

    def close(self) -> None:
        if self._open:
            self._open = False
            self._container.close()
