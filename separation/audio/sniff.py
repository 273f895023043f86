"""What a file is, by its first bytes; its name and what a browser says about it count for nothing.

An allow-list: what is not recognised is refused, and what people often send by mistake is refused
with a word on what it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from separation.errors import EmptyAudio, UnsupportedFormat

Container = Literal[
    "wav", "rf64", "w64", "aiff", "caf", "flac", "mp3", "ogg", "mp4", "matroska", "aac"
]
ReaderName = Literal["soundfile", "pyav"]

ACCEPTED_WORDS = "WAV, FLAC, MP3, OGG, Opus, M4A, AIFF, CAF or WebM"

_HEAD_BYTES = 64 * 1024
_SYNC_WINDOW = 16 * 1024
"""How far behind the tags the first MPEG frame is looked for: encoders leave padding there."""

_W64_GUID = bytes.fromhex("726966662e91cf11a5d628db04c10000")

_NOT_SOUND: tuple[tuple[int, bytes, str], ...] = (
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
    (0, b"MThd", "a MIDI file, which holds notes and no sound; render it to WAV first"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
    (0, b"GIF8", "a picture"),
    (0, bytes.fromhex("3026b2758e66cf11"), "a Windows Media file; convert it to WAV or FLAC"),
    (0, b"MAC ", "a Monkey's Audio file; convert it to WAV or FLAC"),
    (0, b"wvpk", "a WavPack file; convert it to WAV or FLAC"),
    (0, b"DSD ", "a DSD file; convert it to WAV or FLAC"),
    (0, b"FLV\x01", "a Flash video; convert it to MP4 or WAV"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
)


@dataclass(frozen=True)
class Sniffed:
    """The container and who reads it."""

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
            start = _after_id3(head)
            if start:
                file.seek(start)
                head = file.read(_HEAD_BYTES)
                found = _by_magic(head)
            found = found or _mpeg(head)
    if found is None:
        raise UnsupportedFormat(_refusal(head))
    return found


def _by_magic(head: bytes) -> Sniffed | None:
    return next((found for test in _TESTS if (found := test(head)) is not None), None)


def _riff(head: bytes) -> Sniffed | None:
    if head[8:12] == b"WAVE" and head[:4] in (b"RIFF", b"RIFX"):
        return Sniffed("wav", "soundfile")
    if head[8:12] == b"WAVE" and head[:4] in (b"RF64", b"BW64"):
        return Sniffed("rf64", "soundfile")
    return Sniffed("w64", "soundfile") if head.startswith(_W64_GUID) else None


def _other_uncompressed(head: bytes) -> Sniffed | None:
    if head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC"):
        return Sniffed("aiff", "soundfile")
    return Sniffed("caf", "soundfile") if head.startswith(b"caff") else None


def _flac(head: bytes) -> Sniffed | None:
    return Sniffed("flac", "soundfile") if head.startswith(b"fLaC") else None


def _ogg(head: bytes) -> Sniffed | None:
    """The first packet of an Ogg stream names its codec (RFC 3533, section 6)."""
    if not head.startswith(b"OggS") or len(head) < 28:
        return None
    first_packet = head[27 + head[26] :]
    if first_packet.startswith((b"\x01vorbis", b"\x7fFLAC")):
        return Sniffed("ogg", "soundfile")
    if b"OpusHead" in head[:4096] or b"\x01vorbis" in head[:4096]:
        return Sniffed("ogg", "pyav")
    return None


def _iso_media(head: bytes) -> Sniffed | None:
    known = (b"ftyp", b"moov", b"wide", b"mdat")
    return Sniffed("mp4", "pyav") if head[4:8] in known else None


def _matroska(head: bytes) -> Sniffed | None:
    return Sniffed("matroska", "pyav") if head.startswith(b"\x1aE\xdf\xa3") else None


_TESTS: tuple[Callable[[bytes], Sniffed | None], ...] = (
    _riff,
    _other_uncompressed,
    _flac,
    _ogg,
    _iso_media,
    _matroska,
)


def _after_id3(head: bytes) -> int:
    """Length of an ID3v2 tag at the start, 0 when there is none (id3.org, ID3v2.4, 3.1)."""
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    footer = 10 if head[5] & 0x10 else 0
    return 10 + size + footer


def _mpeg(head: bytes) -> Sniffed | None:
    """Two frames in a row that agree; one sync word alone appears in any file by chance."""
    for start in range(min(len(head), _SYNC_WINDOW)):
        if head[start] != 0xFF:
            continue
        if _is_adts(head, start):
            return Sniffed("aac", "pyav")
        length = _mpeg_frame_bytes(head[start : start + 4])
        if not length:
            continue
        follower = head[start + length : start + length + 4]
        # A file of a single frame ends where the second would begin.
        if _mpeg_frame_bytes(follower) or (start == 0 and len(head) == length):
            return Sniffed("mp3", "soundfile")
    return None


def _is_adts(head: bytes, start: int) -> bool:
    """AAC frames in ADTS (ISO/IEC 13818-7, 6.2): sync word, layer 00, 13 bits of length."""
    if len(head) < start + 7 or head[start + 1] & 0xF6 != 0xF0:
        return False
    length = (head[start + 3] & 3) << 11 | head[start + 4] << 3 | head[start + 5] >> 5
    follower = head[start + length : start + length + 2]
    return length > 7 and len(follower) == 2 and follower[0] == 0xFF and follower[1] & 0xF6 == 0xF0


# ISO/IEC 11172-3, 2.4.2.3, and 13818-3: kbit/s by bit-rate index, Hz by rate index.
_KBPS_V1 = {
    1: (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    3: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_KBPS_V2 = {
    1: (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    3: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_V1_HZ = (44_100, 48_000, 32_000)


def _mpeg_frame_bytes(header: bytes) -> int:
    """Length of the MPEG audio frame with this header, 0 when it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    kbps_index, rate_index = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or kbps_index in (0, 15) or rate_index == 3:
        return 0
    kbps = (_KBPS_V1 if version == 3 else _KBPS_V2)[layer][kbps_index - 1]
    rate_hz = _RATES_V1_HZ[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    padding = header[2] >> 1 & 1
    if layer == 1:
        return (12_000 * kbps // rate_hz + padding) * 4
    samples = 576 if layer == 3 and version != 3 else 1152
    return samples // 8 * 1000 * kbps // rate_hz + padding


def _refusal(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    for offset, magic, words in _NOT_SOUND:
        if head[offset:].startswith(magic) or (not offset and text.lower().startswith(magic)):
            return f"This is {words}."
    if _looks_like_text(head[:4096]):
        return f"This is a text file and holds no sound. Upload {ACCEPTED_WORDS}."
    return f"This kind of file is not supported. Upload {ACCEPTED_WORDS}."


def _looks_like_text(head: bytes) -> bool:
    return bool(head) and all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head)
