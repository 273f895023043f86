"""Where a WAV file says that its channels belong, they are mixed from there."""

import struct
from pathlib import Path

import numpy as np
import pytest

from separation.audio.decoding.decode import decode_to_canonical
from separation.audio.decoding.wave_layout import wave_layout
from tests.separation.audio.sounds import LIMITS, read, save

FL, FR, FC, LFE, BC = 1, 2, 4, 8, 0x100


def _placed(path: Path, channels: int, mask: int) -> Path:
    """A second of a constant in the last channel, with ``mask`` for its places."""
    sound = np.zeros((channels, 44_100), np.float32)
    sound[-1] = 0.5
    save(path, sound, kind="WAVEX", subtype="FLOAT")
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"fmt ") + 28, mask)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("mask", "places", "level"),
    [
        (FL | FR | FC, ("FL", "FR", "FC"), 0.5 * 0.5**0.5),
        # Two and a woofer: without the mask, what is for the woofer would be the centre.
        (FL | FR | LFE, ("FL", "FR", "LFE"), 0.0),
        (FL | FR | BC, ("FL", "FR", "BC"), 0.25),
        # More or fewer places than channels say nothing: the usual order is meant.
        (FL | FR, None, 0.5 * 0.5**0.5),
    ],
)
def test_the_mask_of_a_wav_file_places_its_channels(
    tmp_path: Path, mask: int, places: tuple[str, ...] | None, level: float
) -> None:
    path = _placed(tmp_path / "a.wav", 3, mask)

    assert wave_layout(path) == places
    decode_to_canonical(path, tmp_path / "song.wav", LIMITS)
    assert np.allclose(read(tmp_path / "song.wav"), level, atol=1e-6)


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"RIFF\0\0\0\0WAVEfmt ", b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff\xfe\xff"],
)
def test_a_broken_header_says_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)

    assert wave_layout(path) is None
