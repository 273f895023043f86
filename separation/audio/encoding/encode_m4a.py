"""AAC in M4A through PyAV."""

from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream

from separation.audio.blocks import FloatArray
from separation.audio.encoding.encoder import Encoder
from separation.errors import DiskFull


class M4aEncoder(Encoder):
    """Two channels of AAC-LC at a constant bit rate."""

    def __init__(self, path: Path, sample_rate_hz: int, bits_per_s: int) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._frames = 0
        self._container = av.open(
            str(path),
            "w",
            format="ipod",
            # The edit list states the length in units of the movie's time scale. The default unit,
            # a millisecond, would round the length.
            container_options={
                "movie_timescale": str(sample_rate_hz),
                "movflags": "+faststart",
            },
        )
        stream = self._container.add_stream("aac", rate=sample_rate_hz, layout="stereo")
        assert isinstance(stream, AudioStream)
        stream.bit_rate = bits_per_s
        self._stream = stream
        self._open = True

    def _write(self, block: FloatArray) -> None:
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block), format="fltp", layout="stereo"
        )
        frame.sample_rate = self._sample_rate_hz
        frame.pts = self._frames
        self._frames += block.shape[1]
        self._mux(frame)

    def _mux(self, frame: av.AudioFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except OSError as error:
            raise DiskFull("A track could not be written: the disk is full.") from error

    def close(self) -> None:
        """May be called twice; an encoder that received no frame leaves a file without sound."""
        if not self._open:
            return
        self._open = False
        try:
            if self._frames:
                self._mux(None)
        finally:
            self._container.close()
