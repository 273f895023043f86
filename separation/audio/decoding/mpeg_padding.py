"""What iTunes notes in a MP3 of the silence that its encoder put around the song.

LAME says it in a frame of its own, which every decoder obeys. iTunes writes no such frame and says
it in a comment called iTunSMPB: zero, delay, padding and length, each a hexadecimal number. FFmpeg
does not look at it, and gives the padding as sound.
"""

import mmap
import re
from dataclasses import dataclass

DECODER_DELAY_FRAMES = 529
"""What a decoder of layer III adds to the encoder's delay (LAME, technical FAQ; FFmpeg adds the
same 528 + 1 in libavformat/mp3dec.c)."""

_MOST_FRAMES_AROUND = 4
"""Encoders put one or two frames of MPEG before the song, and as many behind it."""

_NOTE_BYTES = 160
"""Twice what is needed: in UTF-16 each letter has two bytes."""

# Zeros lie between the letters in UTF-16, and behind 0xFF in a tag that was unsynchronised.
_NAME = re.compile(b"\0*".join(re.escape(bytes([letter])) for letter in b"iTunSMPB"))
_FILLING = re.compile(rb"[\0\xfe\xff]+")
_NUMBERS = re.compile(rb"[^0-9A-Fa-f]{0,8}" + rb" +".join([rb"([0-9A-Fa-f]{1,16})"] * 4))

_ENCODERS = (b"LAME", b"Lavf", b"Lavc")
"""They always say it, even where it is nothing."""

_DELAYS_BEHIND_VERSION = 21
"""From the encoder's version on (Info tag, gabriel.mp3-tech.org/mp3infotag.html)."""


@dataclass(frozen=True)
class SoundSpan:
    """Which of the decoded frames are the song."""

    start: int
    frames: int


def noted_by_itunes(
    content: mmap.mmap, tags_end: int, samples: int, frame_samples: int
) -> SoundSpan | None:
    """The song within ``samples`` frames that are decoded, ``frame_samples`` to a frame of MPEG.

    ``tags_end``: where the tags at the beginning end. A note counts only where delay, padding and
    length make up what is there, to a frame: programs copy it along from another encoding.
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
    """Whether a frame whose Xing or Info tag begins ``information`` says what was put around."""
    flags = int.from_bytes(information[4:8], "big")
    # Number of frames, of bytes, a table of places, and the quality, each where its bit is set.
    version_at = 8 + sum(size for bit, size in enumerate((4, 4, 100, 4)) if flags >> bit & 1)
    at = version_at + _DELAYS_BEHIND_VERSION
    return information.startswith(_ENCODERS, version_at) or any(information[at : at + 3])
