"""Reads a file without the padding that an encoder put around its song."""

from collections.abc import Iterator

from separation.audio.blocks import FloatArray
from separation.audio.decoding.readers import AudioReader


class TrimmedReader(AudioReader):
    """Yields ``frames`` frames of another reader, from ``start`` on; later frames are read and
    dropped."""

    def __init__(self, reader: AudioReader, start: int, frames: int) -> None:
        super().__init__()
        self._reader, self._start, self._frames = reader, start, frames
        self.codec, self.bit_depth = reader.codec, reader.bit_depth
        self.rate_hz, self.channels = reader.rate_hz, reader.channels
        self.layout, self.header_frames = reader.layout, frames
        self.warnings = reader.warnings

    def blocks(self) -> Iterator[FloatArray]:
        at = 0
        for block in self._reader.blocks():
            first, last = self._start - at, self._start + self._frames - at
            at += block.shape[1]
            self._form = self._reader.form
            kept = block[:, max(first, 0) : max(last, 0)]
            if kept.shape[1]:
                yield kept
        self.lost_frames = self._reader.lost_frames

    def position_bytes(self) -> int:
        return self._reader.position_bytes()

    def text_tags(self) -> dict[str, str]:
        return self._reader.text_tags()

    def close(self) -> None:
        self._reader.close()
