"""Reads a file of several songs, or a song that changes its format, as one sound."""

from collections.abc import Callable, Iterator

from separation.audio.blocks import FloatArray
from separation.audio.decoding.readers import AudioReader
from separation.errors import SeparationError

PART_LOST = "A part of the file cannot be decoded and was left out."


class ChainedReader(AudioReader):
    """Reads the parts in order; its attributes are those of the first part that can be opened."""

    def __init__(
        self, parts: int, open_part: Callable[[int], AudioReader], header_frames: int | None
    ) -> None:
        """``open_part`` opens the part with a number, from 0.

        Raises the first part's error where no part can be opened.
        """
        super().__init__()
        self._open_part, self._parts = open_part, parts
        self._number = -1
        self._reader = self._open_next()
        self.codec, self.bit_depth = self._reader.codec, self._reader.bit_depth
        self.rate_hz, self.channels = self._reader.rate_hz, self._reader.channels
        self.layout, self.header_frames = self._reader.layout, header_frames
        self._tags = self._reader.text_tags()

    def blocks(self) -> Iterator[FloatArray]:
        while True:
            reader = self._reader
            for block in reader.blocks():
                self._form = reader.form
                yield block
            self._keep_warnings()
            if not self._advance():
                return

    def position_bytes(self) -> int:
        return self._reader.position_bytes()

    def text_tags(self) -> dict[str, str]:
        return self._tags

    def close(self) -> None:
        self._reader.close()

    def _advance(self) -> bool:
        if self._number + 1 == self._parts:
            return False
        self._reader.close()
        try:
            self._reader = self._open_next()
        except SeparationError:
            return False
        return True

    def _open_next(self) -> AudioReader:
        """Open the next part that can be opened; where none can, raise the error of the next."""
        failure: SeparationError | None = None
        while self._number + 1 < self._parts:
            self._number += 1
            try:
                return self._open_part(self._number)
            except SeparationError as error:
                failure = failure or error
                self._warn(PART_LOST)
        assert failure is not None
        raise failure

    def _keep_warnings(self) -> None:
        for warning in self._reader.warnings:
            self._warn(warning)
        self.lost_frames += self._reader.lost_frames

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)
