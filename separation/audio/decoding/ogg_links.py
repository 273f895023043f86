"""The links of a chained Ogg file (RFC 3533, section 4), such as a radio stream or joined files."""

import mmap
from pathlib import Path

from separation.audio.decoding.file_span import Span

_FIRST_PAGE = b"OggS\0\x02"
_HEAD_BYTES = 27


def ogg_links(path: Path) -> list[Span]:
    """Return one span for each link, at least one. Streams that play at the same time, such as
    picture and sound, belong to one link: their first pages follow each other directly."""
    if not path.stat().st_size:
        return [Span()]
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        starts, behind = [0], _page_end(content, 0)
        at = content.find(_FIRST_PAGE, 1)
        while at >= 0:
            if at != behind:
                starts.append(at)
            behind = max(_page_end(content, at), at + 1)
            at = content.find(_FIRST_PAGE, behind)
    return [Span(at, end) for at, end in zip(starts, [*starts[1:], None], strict=True)]


def _page_end(content: mmap.mmap, at: int) -> int:
    head = content[at : at + _HEAD_BYTES]
    if len(head) < _HEAD_BYTES:
        return len(content)
    lengths = content[at + _HEAD_BYTES : at + _HEAD_BYTES + head[26]]
    return at + _HEAD_BYTES + head[26] + sum(lengths)
