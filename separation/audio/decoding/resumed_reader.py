"""Reads a file with libsndfile up to the first damage, and then with FFmpeg, which skips it."""

from collections.abc import Callable, Iterator

from separation.audio.blocks import FloatArray
from separation.audio.decoding.readers import AudioReader
from separation.errors import SeparationError


class ResumedReader(AudioReader):
    """``resume`` opens the same sound with another reader, whose frames are used from the end of
    the first reader on."""

    def __init__(self, reader: AudioReader, resume: Callable[[], AudioReader]) -> None:
        super().__init__()
        self._reader, self._resume = reader, resume
        self.codec, self.bit_depth = reader.codec, reader.bit_depth
        self.rate_hz, self.channels = reader.rate_hz, reader.channels
        self.layout, self.header_frames = reader.layout, reader.header_frames
        self._tags = reader.text_tags()

    def blocks(self) -> Iterator[FloatArray]:
        yielded = 0
        for block in self._reader.blocks():
            yielded += block.shape[1]
            yield block
        first = self._reader
        if first.warnings or yielded < (self.header_frames or 0):
            for block in self._resumed_blocks(yielded):
                yielded += block.shape[1]
                yield block
        # Data behind the claimed length is no sound, so warnings about it do not count.
        if yielded != self.header_frames:
            self.warnings.extend(self._reader.warnings)
            self.lost_frames = self._reader.lost_frames

    def _resumed_blocks(self, skipped: int) -> Iterator[FloatArray]:
        """Yield the blocks of the second reader without its first ``skipped`` frames."""
        try:
            resumed = self._resume()
        except SeparationError:
            return
        self._reader.close()
        self._reader = resumed
        for block in resumed.blocks():
            dropped = min(skipped, block.shape[1])
            skipped -= dropped
            if dropped < block.shape[1]:
                self._form = resumed.form
                yield block[:, dropped:]

    def position_bytes(self) -> int:
        return self._reader.position_bytes()

    def text_tags(self) -> dict[str, str]:
        return self._tags

    def close(self) -> None:
        self._reader.close()
