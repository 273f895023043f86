"""A file read by libsndfile, and from the first damage on by FFmpeg, which goes on behind it."""

from collections.abc import Callable, Iterator

from separation.audio.blocks import FloatArray
from separation.audio.decoding.readers import AudioReader
from separation.errors import SeparationError


class ResumedReader(AudioReader):
    """``resume`` opens the same sound anew; of it is given what the first reader did not give."""

    def __init__(self, reader: AudioReader, resume: Callable[[], AudioReader]) -> None:
        super().__init__()
        self._reader, self._resume = reader, resume
        self.codec, self.bit_depth = reader.codec, reader.bit_depth
        self.rate_hz, self.channels = reader.rate_hz, reader.channels
        self.layout, self.header_frames = reader.layout, reader.header_frames
        self._tags = reader.text_tags()

    def blocks(self) -> Iterator[FloatArray]:
        given = 0
        for block in self._reader.blocks():
            given += block.shape[1]
            yield block
        first = self._reader
        if first.warnings or given < (self.header_frames or 0):
            for block in self._rest(given):
                given += block.shape[1]
                yield block
        # What is behind all that the header claims is no sound.
        if given != self.header_frames:
            self.warnings.extend(self._reader.warnings)
            self.lost_frames = self._reader.lost_frames

    def _rest(self, given: int) -> Iterator[FloatArray]:
        try:
            resumed = self._resume()
        except SeparationError:
            return
        self._reader.close()
        self._reader = resumed
        for block in resumed.blocks():
            known = min(given, block.shape[1])
            given -= known
            if known < block.shape[1]:
                self._form = resumed.form
                yield block[:, known:]

    def position_bytes(self) -> int:
        return self._reader.position_bytes()

    def text_tags(self) -> dict[str, str]:
        return self._tags

    def close(self) -> None:
        self._reader.close()
