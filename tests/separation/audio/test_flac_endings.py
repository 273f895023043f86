"""What lies behind or within a FLAC costs none of its other samples."""

import struct
from pathlib import Path

import numpy as np
import pytest

from tests.separation.audio.sounds import decode_here, read
from tests.zoo.flac import flac_file, stream_info
from tests.zoo.making import as_integers, by_libsndfile, song

FRAMES = 20_000
_APE = struct.pack("<8sIII8x", b"APETAGEX", 2000, 32 + 500, 0)
_NOISE = np.random.default_rng(5).integers(0, 256, 5_000, dtype=np.uint8).tobytes()
BEHIND = {
    "ID3v1": b"TAG" + b"Title".ljust(124, b"\0") + b"\x0c",
    "ID3v1 of no genre": b"TAG" + bytes(125),
    "APEv2": bytes(500) + _APE,
    "APEv2 with a header, and ID3v1": b"APETAGEX"
    + bytes(24)
    + b"x" * 500
    + struct.pack("<8sIIII4x", b"APETAGEX", 2000, 532, 0, 1 << 31)
    + bytes(4)
    + b"TAG"
    + bytes(125),
    "zeros": bytes(3_000_000),
    "noise": _NOISE,
}


@pytest.mark.parametrize("name", BEHIND)
@pytest.mark.parametrize("states_its_length", [True, False])
def test_what_is_behind_the_last_frame_costs_no_sample_and_is_not_mentioned(
    tmp_path: Path, name: str, states_its_length: bool
) -> None:
    claimed = FRAMES if states_its_length else 0
    content = flac_file(
        as_integers(song(FRAMES), 16), bits=16, rate_hz=44_100, claimed_frames=claimed
    )
    source = tmp_path / "a.flac"
    source.write_bytes(content + BEHIND[name])

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["source_frames"] == FRAMES
    assert np.allclose(read(tmp_path / "song.wav"), song(FRAMES), atol=2**-15)
    assert song_["warnings"] == []


@pytest.mark.parametrize("at", [0.1, 0.5, 0.9])
def test_of_a_damaged_flac_all_but_the_damaged_frame_is_read(tmp_path: Path, at: float) -> None:
    source = tmp_path / "a.flac"
    by_libsndfile(source, song(60_000), 44_100, kind="FLAC", subtype="PCM_16")
    content = bytearray(source.read_bytes())
    place = round(len(content) * at)
    content[place : place + 50] = b"\x55" * 50
    source.write_bytes(content)

    song_ = decode_here(source, tmp_path / "song.wav")

    assert 60_000 - 3 * 4096 <= song_["source_frames"] < 60_000
    assert song_["peak"] < 1.0, "no burst of noise"
    assert "damaged part" in song_["warnings"][0]


def test_a_flac_that_changes_its_channels_within_one_stream_is_read_to_its_end(
    tmp_path: Path,
) -> None:
    stereo = flac_file(as_integers(song(4096 * 5), 16), bits=16, rate_hz=44_100)
    whole = flac_file(as_integers(song(4096 * 10, channels=1), 16), bits=16, rate_hz=44_100)
    head = len(stream_info(1, bits=16, rate_hz=44_100, frames=0, block=4096))
    begin = stream_info(2, bits=16, rate_hz=44_100, frames=4096 * 10, block=4096)
    # Frames have numbers: the sixth and those behind it, of one channel.
    mono_frames = whole[head:]
    size = len(mono_frames) // 10
    source = tmp_path / "a.flac"
    source.write_bytes(begin + stereo[head:] + mono_frames[5 * size :])

    song_ = decode_here(source, tmp_path / "song.wav")

    assert song_["source_frames"] == pytest.approx(4096 * 10, abs=4096)
    assert "from 44100 Hz with 2 channels to 44100 Hz with 1 channel" in song_["warnings"][0]
