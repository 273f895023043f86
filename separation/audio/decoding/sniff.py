"""Recognise the kind of a file by its first bytes; its name and the browser's type are ignored.

This is an allow-list: unknown files are refused. For kinds of files that people often send by
mistake, the refusal names the kind.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from separation.audio.decoding.mpeg_frames import ape_bytes, find_frames, id3_bytes
from separation.errors import EmptyAudio, UnsupportedFormat

Container = Literal[
    "wav", "rf64", "w64", "aiff", "caf", "au", "flac", "wavpack", "tta", "ape", "mp3", "ogg", "aac",
    "ac3", "eac3", "amr", "asf", "mp4", "matroska", "avi",
]  # fmt: skip
ReaderName = Literal["soundfile", "pyav"]

ACCEPTED_WORDS = "WAV, FLAC, MP3, OGG, Opus, M4A, AIFF, WMA or a video"

_HEAD_BYTES = 64 * 1024
_SYNC_WINDOW = 16 * 1024
"""Bytes in which the first MPEG frame is searched: encoders leave padding before it."""

_TAGGED_WINDOW = 1024 * 1024
"""The same behind a tag: the tag indicates a song, and its stated size may be wrong by the size of
its picture."""

_MOST_TAGS = 16

_W64_GUID = bytes.fromhex("726966662e91cf11a5d628db04c10000")

NOT_SOUND: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "a ZIP archive; unpack it and upload the songs in it"),
    (0, b"Rar!", "a RAR archive; unpack it and upload the songs in it"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it and upload the songs in it"),
    (0, b"\x1f\x8b", "a gzip archive; unpack it and upload the songs in it"),
    (0, b"BZh", "a bzip2 archive; unpack it and upload the songs in it"),
    (0, b"\xfd7zXZ", "an xz archive; unpack it and upload the songs in it"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive; unpack it and upload the songs in it"),
    (257, b"ustar", "a tar archive; unpack it and upload the songs in it"),
    (0, b"#EXTM3U", "a playlist, which only names songs; upload the songs themselves"),
    (0, b"[playlist]", "a playlist, which only names songs; upload the songs themselves"),
    (0, b"<asx", "a playlist, which only names songs; upload the songs themselves"),
    (0, b"ffconcat", "a playlist, which only names songs; upload the songs themselves"),
    (0, b"MThd", "a MIDI file, which holds notes and no sound; render it to WAV first"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
    (0, b"GIF8", "a picture"),
    (0, b"DSD ", "a DSD file; convert it to WAV or FLAC"),
    (0, b"FLV\x01", "a Flash video; convert it to MP4 or WAV"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
)


@dataclass(frozen=True)
class Sniffed:
    """The container, and the library that reads it."""

    container: Container
    reader: ReaderName


def sniff(path: Path) -> Sniffed:
    """Recognise a file; raises ``EmptyAudio`` or ``UnsupportedFormat`` in words."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if not head:
            raise EmptyAudio("The file is empty (0 bytes). Upload it again.")
        found = _by_magic(head)
        if found is None:
            if start := tags_end(file):
                file.seek(start)
                head = file.read(_HEAD_BYTES)
                found = _by_magic(head)
            # A file that begins as a known kind without sound is not searched for MPEG frames.
            if found is None and _named_refusal(head) is None:
                found = _stream(file, start, head)
    if found is None:
        raise UnsupportedFormat(_refusal(head))
    return found


def tags_end(file: BinaryIO) -> int:
    """Return the end of the consecutive tags at the start of a file, 0 without any.

    If a tag claims to be longer than the file, its claim is ignored and only its header is skipped.
    """
    size, at = file.seek(0, 2), 0
    for _ in range(_MOST_TAGS):
        file.seek(at)
        head = file.read(16)
        length = id3_bytes(head) or ape_bytes(head)
        if not length:
            break
        if at + length >= size:
            return at + 10
        at += length
    return at


def first_mpeg_frame(file: BinaryIO) -> int | None:
    """Return the offset of the first MPEG frame behind tags, padding and the remainder of a tag
    whose stated size is too small."""
    start = tags_end(file)
    for window_bytes in (_HEAD_BYTES, _TAGGED_WINDOW) if start else (_HEAD_BYTES,):
        file.seek(start)
        window = file.read(window_bytes)
        padding = len(window) - len(window.lstrip(b"\0"))
        if not start:
            window = window[: padding + _SYNC_WINDOW]
        at = find_frames(window[padding:])
        if at is not None:
            return start + padding + at
    return None


def _by_magic(head: bytes) -> Sniffed | None:
    return next((found for test in _TESTS if (found := test(head)) is not None), None)


def _riff(head: bytes) -> Sniffed | None:
    if head[8:12] == b"WAVE" and head[:4] in (b"RIFF", b"RIFX"):
        return Sniffed("wav", "soundfile")
    if head[8:12] == b"WAVE" and head[:4] in (b"RF64", b"BW64"):
        return Sniffed("rf64", "soundfile")
    return Sniffed("w64", "soundfile") if head.startswith(_W64_GUID) else None


def _iff(head: bytes) -> Sniffed | None:
    if head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"):
        return Sniffed("aiff", "soundfile")
    return Sniffed("avi", "pyav") if head[:4] == b"RIFF" and head[8:12] == b"AVI " else None


_STARTS: tuple[tuple[bytes, Sniffed], ...] = (
    (b"caff", Sniffed("caf", "pyav")),
    (b".snd", Sniffed("au", "soundfile")),
    (b"wvpk", Sniffed("wavpack", "pyav")),
    (b"TTA1", Sniffed("tta", "pyav")),
    (b"MAC ", Sniffed("ape", "pyav")),
    (b"#!AMR\n", Sniffed("amr", "pyav")),
    (b"#!AMR-WB\n", Sniffed("amr", "pyav")),
    (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), Sniffed("asf", "pyav")),
    (b"\x1aE\xdf\xa3", Sniffed("matroska", "pyav")),
)


def _by_start(head: bytes) -> Sniffed | None:
    return next((found for start, found in _STARTS if head.startswith(start)), None)


def _flac(head: bytes) -> Sniffed | None:
    """libsndfile is faster, but reads only three bit depths (RFC 9639, section 8.2: STREAMINFO)."""
    if not head.startswith(b"fLaC"):
        return None
    depth = (int.from_bytes(head[20:22], "big") >> 4 & 0x1F) + 1
    return Sniffed("flac", "soundfile" if depth in (8, 16, 24) else "pyav")


def _ogg(head: bytes) -> Sniffed | None:
    """The first packet of an Ogg stream names its codec (RFC 3533, section 6)."""
    if not head.startswith(b"OggS") or len(head) < 28:
        return None
    first_packet = head[27 + head[26] :]
    if first_packet.startswith(b"\x01vorbis"):
        return Sniffed("ogg", "soundfile")
    # libsndfile cannot read FLAC in Ogg that FFmpeg has written.
    known = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC")
    if any(start in head[:4096] for start in known):
        return Sniffed("ogg", "pyav")
    return None


def _ogg_codec(head: bytes) -> str:
    """Return the codec's name for the refusal of a file that :func:`_ogg` did not recognise."""
    first_packet = head[27 + head[26] :]
    names = (name for start, name in _OTHER_OGG if first_packet.startswith(start))
    return next(names, "sound of an unknown kind, or with no sound")


_OTHER_OGG = (
    (b"Speex   ", "Speex"),
    (b"CELT    ", "CELT"),
    (b"\x80theora", "a video without sound"),
    (b"PCM     ", "plain samples (OggPCM)"),
)
_CONVERT = "Convert it to WAV or FLAC."


def _iso_media(head: bytes) -> Sniffed | None:
    known = (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip")
    return Sniffed("mp4", "pyav") if head[4:8] in known else None


def _dolby(head: bytes) -> Sniffed | None:
    """Two frames in a row of AC-3 or E-AC-3 (ETSI TS 102 366, 4.4.1 and E.1.3.1)."""
    if len(head) < 6 or not head.startswith(_DOLBY_SYNC):
        return None
    is_enhanced = head[5] >> 3 > _LAST_BSID_OF_AC3
    length = _eac3_frame_bytes(head) if is_enhanced else _ac3_frame_bytes(head)
    if not length or head[length : length + 2] not in (_DOLBY_SYNC, b""):
        return None
    return Sniffed("eac3" if is_enhanced else "ac3", "pyav")


def _eac3_frame_bytes(head: bytes) -> int:
    return 2 * ((head[2] & 7) << 8 | head[3]) + 2


def _ac3_frame_bytes(head: bytes) -> int:
    rate, size = head[4] >> 6, head[4] & 0x3F
    if rate == 3 or size >= 2 * len(_AC3_KBPS):
        return 0
    kbps = _AC3_KBPS[size // 2]
    return 2 * (2 * kbps, kbps * 320 // 147 + size % 2, 3 * kbps)[rate]


_DOLBY_SYNC = b"\x0bw"
_LAST_BSID_OF_AC3 = 10
_AC3_KBPS = (
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
)  # fmt: skip


_TESTS: tuple[Callable[[bytes], Sniffed | None], ...] = (
    _riff,
    _iff,
    _by_start,
    _flac,
    _ogg,
    _dolby,
    _iso_media,
)


def _stream(file: BinaryIO, start: int, head: bytes) -> Sniffed | None:
    """Recognise a stream of AAC or MPEG frames without a container."""
    at = first_mpeg_frame(file)
    reach = _SYNC_WINDOW if at is None else min(at - start, _SYNC_WINDOW)
    if any(_is_adts(head, place) for place in range(min(len(head), reach))):
        return Sniffed("aac", "pyav")
    return None if at is None else Sniffed("mp3", "soundfile")


def _is_adts(head: bytes, start: int) -> bool:
    """AAC frames in ADTS (ISO/IEC 13818-7, 6.2): sync word, layer 00, 13 bits of length."""
    if len(head) < start + 7 or head[start] != 0xFF or head[start + 1] & 0xF6 != 0xF0:
        return False
    length = (head[start + 3] & 3) << 11 | head[start + 4] << 3 | head[start + 5] >> 5
    follower = head[start + length : start + length + 2]
    return length > 7 and len(follower) == 2 and follower[0] == 0xFF and follower[1] & 0xF6 == 0xF0


def _named_refusal(head: bytes) -> str | None:
    if head.startswith(b"OggS") and len(head) > 28:
        return f"This is an Ogg file with {_ogg_codec(head)}, which is not supported. {_CONVERT}"
    text = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for offset, magic, words in NOT_SOUND:
        if head.startswith(magic, offset) or (not offset and text.startswith(magic.lower())):
            return f"This is {words}."
    return None


def _refusal(head: bytes) -> str:
    if named := _named_refusal(head):
        return named
    if _looks_like_text(head[:4096]):
        return f"This is a text file and holds no sound. Upload {ACCEPTED_WORDS}."
    return f"This kind of file is not supported. Upload {ACCEPTED_WORDS}."


def _looks_like_text(head: bytes) -> bool:
    return bool(head) and all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head)
