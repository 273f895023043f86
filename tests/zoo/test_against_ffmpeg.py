"""What intake reads of every file of the zoo, beside a decoder that others wrote.

FFmpeg decodes each file from end to end, with nothing of ours around it: no sniffing, no surveys,
no corrections. Lengths agree to a frame of the codec, and peaks where no rate is converted, or the
file stands in :data:`OURS` with the reason why ours is right.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from separation.base import SAMPLE_RATE_HZ
from separation.errors import SeparationError
from tests.separation.audio.sounds import decode_here
from tests.zoo import test_headers, test_hostile, test_truncated
from tests.zoo.formats import FORMATS

PADDING = "FFmpeg keeps padding of the last packet that the container tells us to leave out"
IMPOSSIBLE = "no sound is stored like this"
LIMIT = "a limit that the operator sets"
NUMBERS = "what is not a number would spread through every stem"
MISTAKE = "it begins like something else, and holds no song but by chance"
ELSEWHERE = "its sound lies in another file or at an address"

OURS = {
    "ogg-ffmpeg": PADDING,
    "m4a": PADDING,
    "m4a-mono-11025": PADDING,
    "mov": PADDING,
    "mp4-opus": PADDING,
    "mp4-mp3": PADDING,
    "mp4-ac3": PADDING,
    "3gp-amr": PADDING,
    "length-a-day.m4a": PADDING,
    "moov-4-gb.m4a": PADDING,
    "caf-alac-16": "FFmpeg cuts the last packet, which is as short as the sound, once more",
    "caf-alac-24": "as caf-alac-16",
    "caf-alac-32": "as caf-alac-16",
    "caf-alac-ffmpeg": "as caf-alac-16",
    "rate-1.wav": LIMIT,
    "frames-4-g.aiff": "the sound is all there, only its number is wrong; FFmpeg refuses it",
    "rate-changed.flac": "only the header at the start says at which rate it plays",
    "blocks-of-0.flac": "the frames say how long they are themselves; FFmpeg refuses them",
    "tag-too-long.mp3": "the song is behind the tag, whose length cannot be; FFmpeg refuses it",
    "data-length-odd.wav": "the stated length ends in the middle of the sound",
    "damage-in-the-middle.flac": "FFmpeg decodes to noise what a checksum refutes",
    "zeros-before.mp3": "FFmpeg does not see the frame behind them that tells of the padding",
    "claims-9-days.flac": "next to nothing of what it claims is there: most of it is lost",
}
"""Why what we read differs from what FFmpeg reads."""

_REFUSED = {
    "nan.wav": NUMBERS, "infinity.wav": NUMBERS, "minus-infinity.wav": NUMBERS,
    "too-large-for-32-bits.wav": NUMBERS, "nan.aiff": NUMBERS, "nan.caf": NUMBERS,
    "nan.w64": NUMBERS, "nan.mkv": NUMBERS, "nan.wv": NUMBERS,
    "loud.wav": "no sound is so loud, and its square is infinite",
    "65-channels.wav": LIMIT, "208-channels.wav": LIMIT, "1-hz.wav": LIMIT, "999-hz.wav": LIMIT,
    "2-mhz.wav": LIMIT,
    "zip-before.mp3": MISTAKE, "picture-before.mp3": MISTAKE, "playlist-before.mp3": MISTAKE,
    "remote.m4a": ELSEWHERE, "remote-file.mp4": ELSEWHERE,
}  # fmt: skip
"""What FFmpeg would decode and we do not."""

CODEC_FRAME = {"mp3": 1152, "wma": 2048}
"""Samples of a frame, where the two decoders may differ by the one that is cut off or damaged."""

FILES: dict[str, Callable[[Path], object]] = {
    **{format_.name: format_.make for format_ in FORMATS},
    **{name: specimen.make for name, specimen in test_headers.SPECIMENS.items()},
    **{
        specimen.name: specimen.make
        for (_, tenths), specimen in test_truncated.SPECIMENS.items()
        if tenths in (3, 8)
    },
    # A bomb takes its time, and is refused because of it.
    **{
        name: specimen.make
        for name, specimen in test_hostile.SPECIMENS.items()
        if not name.startswith("bomb")
    },
}


@pytest.mark.parametrize("name", FILES)
def test_as_much_is_read_as_ffmpeg_decodes(name: str, tmp_path: Path) -> None:
    source = tmp_path / "file"
    FILES[name](source)
    theirs = _decoded(source)
    try:
        song = decode_here(source, tmp_path / "song.wav")
    except SeparationError as error:
        assert not theirs.seconds or name in _REFUSED or name in OURS, error.detail
        return
    assert name not in _REFUSED
    rate_hz = song["source_rate_hz"]
    difference = abs(song["duration_s"] - theirs.seconds) * rate_hz
    frame = CODEC_FRAME.get(name.rsplit(".", 1)[-1], 0)
    assert (difference > frame + 1) == (name in OURS)
    # In a damaged frame is whatever a decoder makes of it.
    is_same = name not in OURS and not name.startswith("damage")
    if is_same and rate_hz == SAMPLE_RATE_HZ and song["source_channels"] <= 2:
        assert song["peak"] == pytest.approx(theirs.peak, rel=0.01, abs=1e-4)


@dataclass
class Decoded:
    """Of the first sound track; nothing where FFmpeg reads none. ``peak``: of mono and stereo."""

    seconds: float = 0.0
    peak: float = 0.0


def _decoded(path: Path) -> Decoded:
    found = Decoded()
    with (
        contextlib.suppress(av.error.FFmpegError),
        av.open(str(path), metadata_errors="replace") as container,
    ):
        if not container.streams.audio:
            return found
        as_floats = av.AudioResampler(format="fltp")
        for packet in container.demux(container.streams.audio[0]):
            with contextlib.suppress(av.error.FFmpegError):
                for frame in packet.decode():
                    found.seconds += frame.samples / frame.sample_rate
                    if frame.layout.nb_channels <= 2:
                        (floats,) = as_floats.resample(frame)
                        found.peak = max(found.peak, float(np.abs(floats.to_ndarray()).max()))
    return found
