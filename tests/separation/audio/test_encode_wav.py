"""Plain WAV, packed and proven by us: the bytes are libsndfile's, and no damage passes."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separation.audio.blocks import BLOCK_FRAMES
from separation.audio.encoding.encode import open_encoder
from separation.audio.encoding.encode_wav import PcmWavEncoder, WrittenWav, verify_written
from separation.errors import Cancelled, DiskFull, OutputInvalid
from separation.formats import ConcreteFormat
from separation.storage.atomic_files import digest_of
from tests.separation.audio.sounds import tones

FRAMES = 100_001


def hot(frames: int) -> np.ndarray:
    """Noise that reaches both ends of full scale, so that every bit of a sample is in use."""
    noise = np.random.default_rng(11).uniform(-1, 1, (2, frames)).astype(np.float32)
    noise[:, :2] = [[1.0, -1.0]]
    return noise


def encode(path: Path, sound: np.ndarray, bits: int, rate_hz: int = 44_100) -> WrittenWav:
    kind: ConcreteFormat = "wav16" if bits == 16 else "wav24"
    with open_encoder(
        path, kind, sample_rate_hz=rate_hz, expected_frames=sound.shape[1]
    ) as encoder:
        # Odd blocks, so that two frames that share a word come from one block and from two.
        for start in range(0, sound.shape[1], 7_777):
            encoder.write(sound[:, start : start + 7_777])
    assert isinstance(encoder, PcmWavEncoder)
    return encoder.written


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("frames", [0, 1, 2, FRAMES])
@pytest.mark.parametrize("bits", [16, 24])
def test_every_byte_is_what_libsndfile_writes(
    tmp_path: Path, bits: int, frames: int, rate_hz: int
) -> None:
    sound = hot(max(frames, 2))[:, :frames]
    encode(tmp_path / "ours.wav", sound, bits, rate_hz)
    steps = np.minimum(np.rint(sound.T.astype(np.float64) * 2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    shifted = steps.astype(np.int32) << (32 - bits)
    soundfile.write(tmp_path / "theirs.wav", shifted, rate_hz, subtype=f"PCM_{bits}")
    assert (tmp_path / "ours.wav").read_bytes() == (tmp_path / "theirs.wav").read_bytes()


@pytest.mark.parametrize("frames", [BLOCK_FRAMES - 1, BLOCK_FRAMES, BLOCK_FRAMES + 1])
def test_one_large_block_gives_the_bytes_of_many_small_ones(tmp_path: Path, frames: int) -> None:
    sound = hot(frames)
    many = encode(tmp_path / "many.wav", sound, 24)
    with PcmWavEncoder(tmp_path / "one.wav", 44_100, 24) as encoder:
        encoder.write(sound)
    assert encoder.written == many
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "many.wav").read_bytes()


def test_what_was_read_back_is_told_by_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    written = encode(path, hot(FRAMES), 24)
    with path.open("ab") as file:
        file.write(b"id3 \x04\x00\x00\x00tags")
    path.write_bytes(written.header(path.stat().st_size) + path.read_bytes()[44:])
    assert verify_written(path, written, frames=FRAMES, may_be_silent=False) == digest_of(path)


@pytest.mark.parametrize("place", [0, 23, 24, 34, 40, 44, 44 + 3 * FRAMES, 43 + 6 * FRAMES])
def test_one_bit_that_differs_anywhere_is_found(tmp_path: Path, place: int) -> None:
    """Container, channels, rate, bits, length; first, middle and last sample."""
    path = tmp_path / "a.wav"
    written = encode(path, hot(FRAMES), 24)
    flip(path, place)
    with pytest.raises(OutputInvalid, match="damaged"):
        verify_written(path, written, frames=FRAMES, may_be_silent=False)


def test_a_file_that_ends_early_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    written = encode(path, hot(FRAMES), 24)
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(OutputInvalid, match="damaged"):
        verify_written(path, written, frames=FRAMES, may_be_silent=False)
    # Even where its header has been made to fit.
    path.write_bytes(written.header(path.stat().st_size) + path.read_bytes()[44:])
    with pytest.raises(OutputInvalid, match="does not hold what was written"):
        verify_written(path, written, frames=FRAMES, may_be_silent=False)


def test_a_missing_file_a_wrong_length_and_silence_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    written = encode(path, np.zeros((2, FRAMES), np.float32), 16)
    with pytest.raises(OutputInvalid, match="silent"):
        verify_written(path, written, frames=FRAMES, may_be_silent=False)
    verify_written(path, written, frames=FRAMES, may_be_silent=True)
    with pytest.raises(OutputInvalid, match=f"frames {FRAMES}, not 7"):
        verify_written(path, written, frames=7, may_be_silent=True)
    path.unlink()
    with pytest.raises(OutputInvalid, match="not written"):
        verify_written(path, written, frames=FRAMES, may_be_silent=True)


def test_a_track_whose_only_sound_comes_late_is_not_silent(tmp_path: Path) -> None:
    sound = np.zeros((2, FRAMES), np.float32)
    sound[1, -1] = 0.5
    written = encode(tmp_path / "a.wav", sound, 24)
    verify_written(tmp_path / "a.wav", written, frames=FRAMES, may_be_silent=False)


def test_reading_back_stops_at_a_cancel(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    written = encode(path, hot(FRAMES), 24)
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        verify_written(path, written, frames=FRAMES, may_be_silent=False, check=check)


def test_a_full_disk_is_told_in_words() -> None:
    with pytest.raises(DiskFull):
        PcmWavEncoder(Path("/dev/full"), 44_100, 24).write(tones(1_000))
