"""The silence that the encoder of iTunes adds around a song in an MP3, as iTunes notes it.

LAME states this padding in a frame of its own, which every decoder obeys. iTunes writes no such
frame. It notes zero, delay, padding and length in a comment called iTunSMPB, each as a hexadecimal
number. FFmpeg ignores the comment and returns the padding as sound.
"""

import mmap
import re
from dataclasses import dataclass

DECODER_DELAY_FRAMES = 529
"""Delay that a decoder of layer III adds to the encoder's (LAME, technical FAQ; FFmpeg adds the
same 528 + 1 in libavformat/mp3dec.c)."""

_MOST_FRAMES_AROUND = 4
"""Encoders add one or two MPEG frames before the song, and as many behind it."""

_NOTE_BYTES = 160
"""Twice the length of the note: in UTF-16 each letter has two bytes."""

# In UTF-16 there are zeros between the letters; an unsynchronised tag has zeros behind 0xFF.
_NAME = re.compile(b"\0*".join(re.escape(bytes([letter])) for letter in b"iTunSMPB"))
_FILLING = re.compile(rb"[\0\xfe\xff]+")
_NUMBERS = re.compile(rb"[^0-9A-Fa-f]{0,8}" + rb" +".join([rb"([0-9A-Fa-f]{1,16})"] * 4))

_ENCODERS = (b"LAME", b"Lavf", b"Lavc")
"""Encoders that always state the padding, even if it is zero."""

_DELAYS_BEHIND_VERSION = 21
"""Offset from the encoder's version (Info tag, gabriel.mp3-tech.org/mp3infotag.html)."""


@dataclass(frozen=True)
class SoundSpan:
    """The decoded frames that belong to the song."""

    start: int
    frames: int


def noted_by_itunes(
    content: mmap.mmap, tags_end: int, samples: int, frame_samples: int
) -> SoundSpan | None:
    """Return the song's span within ``samples`` decoded frames, or ``None`` without a valid note.

    ``frame_samples``: samples per MPEG frame. ``tags_end``: end of the tags at the start of the
    file. A note is valid only if the sum of delay, padding and length equals ``samples`` to within
    one MPEG frame: programs copy the note from another encoding of the song.
    """
    name = _NAME.search(content, 0, tags_end)
    if name is None:
        return None
    words = _FILLING.sub(b"", content[name.end() : min(name.end() + _NOTE_BYTES, tags_end)])
    numbers = _NUMBERS.match(words)
    if numbers is None:
        return None
    delay, padding, length = (int(number, 16) for number in numbers.groups()[1:])
    start = delay + DECODER_DELAY_FRAMES
    is_whole = abs(delay + padding + length - samples) <= frame_samples
    is_padding = max(delay, padding) <= _MOST_FRAMES_AROUND * frame_samples
    if not is_whole or not is_padding or not length or start >= samples:
        return None
    return SoundSpan(start, min(length, samples - start))


def states_padding(information: bytes) -> bool:
    """Whether the Xing or Info tag at the start of ``information`` states the padding."""
    flags = int.from_bytes(information[4:8], "big")
    # Number of frames, number of bytes, seek table and quality: each exists if its bit is set.
    version_at = 8 + sum(size for bit, size in enumerate((4, 4, 100, 4)) if flags >> bit & 1)
    at = version_at + _DELAYS_BEHIND_VERSION
    return information.startswith(_ENCODERS, version_at) or any(information[at : at + 3])
