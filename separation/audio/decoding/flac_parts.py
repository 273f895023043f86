"""The parts of a FLAC file: songs that were joined, and tags of other formats behind them.

FLAC allows no tags at its end. Programs that copy discs write some there nevertheless, and a
decoder takes them for a damaged frame.
"""

import mmap
from pathlib import Path

from separation.audio.decoding.file_span import Span

_STREAM = b"fLaC\0\0\0\x22"
"""The marker and the header of STREAMINFO, the first block (RFC 9639, section 8.1)."""

_ONLY_STREAM = b"fLaC\x80\0\0\x22"
"""The same with the bit that marks STREAMINFO as the only block."""

_ID3V1_BYTES = 128
_APE_FOOTER_BYTES = 32
_MOST_TAGS = 4
_ZEROS_WINDOW = 1 << 20


def flac_parts(path: Path) -> list[Span]:
    """Return the span of each song in the file, at least one, without tags behind the last."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return [Span()]
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            starts = sorted({*_places(content, _STREAM), *_places(content, _ONLY_STREAM)})
            end = _end_of_sound(content)
    # The first song begins with its tags.
    ends = [at for at in starts[1:] if at < end]
    return [Span(at, to) for at, to in zip([0, *ends], [*ends, end], strict=True)]


def _places(content: mmap.mmap, marker: bytes) -> list[int]:
    found, at = [], content.find(marker)
    while at >= 0:
        found.append(at)
        at = content.find(marker, at + 1)
    return found


def _end_of_sound(content: mmap.mmap) -> int:
    """Return the offset at which the tags (ID3v1, APEv2) and zeros at the end of a file begin."""
    end = len(content)
    for _ in range(_MOST_TAGS):
        # The tag is checked first, as it may end in zeros itself.
        shorter = _without_tag(content, end)
        if shorter == end:
            shorter = _without_zeros(content, end)
        if shorter == end:
            break
        end = shorter
    return end


def _without_tag(content: mmap.mmap, end: int) -> int:
    if content[max(end - _ID3V1_BYTES, 0) : end].startswith(b"TAG"):
        return end - _ID3V1_BYTES
    footer = content[max(end - _APE_FOOTER_BYTES, 0) : end]
    if not footer.startswith(b"APETAGEX"):
        return end
    # The size includes the footer but not the header; bit 31 of the flags announces a header.
    size = int.from_bytes(footer[12:16], "little")
    has_header = int.from_bytes(footer[20:24], "little") >> 31
    start = end - size - (_APE_FOOTER_BYTES if has_header else 0)
    return start if start > 0 else end


def _without_zeros(content: mmap.mmap, end: int) -> int:
    """Return the end without zeros, but keep two: the checksum of the last frame may end in
    zeros."""
    while end > 0:
        block = content[max(end - _ZEROS_WINDOW, 0) : end]
        kept = len(block.rstrip(b"\0"))
        if kept:
            zeros = len(block) - kept
            return end - max(zeros - 2, 0)
        end -= len(block)
    return end
