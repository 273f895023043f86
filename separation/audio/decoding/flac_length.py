"""A FLAC file without its claimed length: libsndfile would stop reading at that length."""

from pathlib import Path

from separation.audio.decoding.file_span import WHOLE, FileSpan, Span
from separation.audio.decoding.mpeg_frames import id3_bytes

_MARKER = b"fLaC"
_TOTAL_AT = 21
"""Offset from the marker's first byte. The low half of this byte and the next four bytes are the
number of frames, 0 where it is unknown (RFC 9639, section 8.2)."""

_TOTAL_BYTES = 5


class LengthlessFlac(FileSpan):
    """The file, read only, with 0 as its number of frames; ``claimed_frames`` is the original."""

    def __init__(self, path: Path, span: Span = WHOLE) -> None:
        super().__init__(path, span)
        start = id3_bytes(self.read(10))
        self.seek(start)
        head = self.read(_TOTAL_AT + _TOTAL_BYTES)
        is_flac = head.startswith(_MARKER) and len(head) == _TOTAL_AT + _TOTAL_BYTES
        total = int.from_bytes(head[_TOTAL_AT:], "big") & 2**36 - 1 if is_flac else 0
        self.claimed_frames = total or None
        if is_flac:
            lengthless = bytes((head[_TOTAL_AT] & 0xF0,)) + bytes(_TOTAL_BYTES - 1)
            self._patches[span.start + start + _TOTAL_AT] = lengthless
        self.seek(0)
