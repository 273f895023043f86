"""Detection of files that were cut off, by the length that their container states."""

from pathlib import Path

from separation.audio.decoding.sniff import Container

_UNKNOWN_LENGTHS = (0, 2**32 - 1)
"""Lengths that a streaming program writes, as it does not know the length yet."""

_TAIL_BYTES = 2 * 65_307
"""An Ogg page has at most 65 307 bytes (RFC 3533, section 6), so the last one begins in here."""

_MOST_CHUNKS = 1000
_PAGE = b"OggS"
_LAST_PAGE_FLAG = 4
CUT = "The file ends before its header says; what is there was used."
NO_END = "The file has no end mark, so it was probably cut off; what is there was used."


def cut_warning(path: Path, container: Container) -> str | None:
    """Return a sentence if the file ends too early; ``None`` if not, or if that is unknown."""
    if container == "ogg":
        return None if _has_last_page(path) else NO_END
    claimed = _claimed_bytes(path, container)
    # One byte of padding at the end is often left out.
    return CUT if claimed is not None and claimed > path.stat().st_size + 1 else None


def _claimed_bytes(path: Path, container: Container) -> int | None:
    """Return the length of the whole file as its outer chunk states it."""
    with path.open("rb") as file:
        head = file.read(28)
    if container == "caf":
        return _end_of_chunks(path)
    if container == "au":
        begin, length = (int.from_bytes(head[at : at + 4], "big") for at in (4, 8))
        return None if length in _UNKNOWN_LENGTHS else begin + length
    if container == "w64":
        return int.from_bytes(head[16:24], "little")
    if container == "rf64":
        # EBU Tech 3306: the true size is in the ds64 chunk, which comes first.
        return int.from_bytes(head[20:28], "little") + 8 if head[12:16] == b"ds64" else None
    if container in ("wav", "aiff"):
        is_big = container == "aiff" or head.startswith(b"RIFX")
        claimed = int.from_bytes(head[4:8], "big" if is_big else "little")
        return None if claimed in _UNKNOWN_LENGTHS else claimed + 8
    return None


def _end_of_chunks(path: Path) -> int | None:
    """Return the end of the last chunk of a CAF file (Apple, Core Audio Format: chunk headers)."""
    at, size = 8, path.stat().st_size
    with path.open("rb") as file:
        for _ in range(_MOST_CHUNKS):
            if at + 12 > size:
                return at
            file.seek(at + 4)
            length = int.from_bytes(file.read(8), "big", signed=True)
            if length < 0:
                return None
            at += 12 + length
    return None


def _has_last_page(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
        tail = file.read()
    page = tail[max(tail.rfind(_PAGE), 0) :]
    if len(page) < 27 or not page.startswith(_PAGE):
        return False
    segments = page[27 : 27 + page[26]]
    is_whole = len(page) >= 27 + page[26] + sum(segments)
    return is_whole and bool(page[5] & _LAST_PAGE_FLAG)
