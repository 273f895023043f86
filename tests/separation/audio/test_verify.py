from pathlib import Path

import numpy as np
import pytest
import soundfile

from separation.audio.encoding.encode import open_encoder
from separation.audio.encoding.verify import verify_file
from separation.errors import OutputInvalid
from separation.formats import ConcreteFormat
from tests.separation.audio.sounds import save, save_wav, tones


def _verify(path: Path, *, frames: int = 50_000, may_be_silent: bool = False) -> float:
    facts = verify_file(
        path, frames=frames, channels=2, sample_rate_hz=44_100, may_be_silent=may_be_silent
    )
    return facts.peak


def test_a_good_file_passes_and_tells_its_peak(tmp_path: Path) -> None:
    sound = tones(50_000)

    assert _verify(save_wav(tmp_path / "a.wav", sound)) == pytest.approx(
        np.abs(sound).max(), abs=1e-4
    )


def test_a_missing_file_is_invalid(tmp_path: Path) -> None:
    with pytest.raises(OutputInvalid, match="not written"):
        _verify(tmp_path / "a.wav")


@pytest.mark.parametrize("frames", [49_999, 50_001])
def test_one_frame_more_or_less_is_invalid(tmp_path: Path, frames: int) -> None:
    path = save_wav(tmp_path / "a.wav", tones(frames))

    with pytest.raises(OutputInvalid, match=f"frames {frames}, not 50000"):
        _verify(path)


def test_another_rate_is_invalid(tmp_path: Path) -> None:
    path = save_wav(tmp_path / "a.wav", tones(50_000), 48_000)

    with pytest.raises(OutputInvalid, match="sample rate in Hz 48000"):
        _verify(path)


def test_another_number_of_channels_is_invalid(tmp_path: Path) -> None:
    path = save_wav(tmp_path / "a.wav", tones(50_000, channels=1))

    with pytest.raises(OutputInvalid, match="channels 1"):
        _verify(path)


def test_silence_is_invalid_unless_it_was_to_be_expected(tmp_path: Path) -> None:
    path = save_wav(tmp_path / "a.wav", np.zeros((2, 50_000), np.float32))

    with pytest.raises(OutputInvalid, match="silent"):
        _verify(path)
    assert _verify(path, may_be_silent=True) == 0.0


def test_a_nan_in_any_block_is_invalid(tmp_path: Path) -> None:
    sound = tones(200_000)
    sound[1, 20] = np.nan
    path = save(tmp_path / "a.wav", sound, kind="WAV", subtype="FLOAT")

    with pytest.raises(OutputInvalid, match="not numbers"):
        _verify(path, frames=200_000)


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.ogg", "a.m4a"])
def test_a_file_whose_second_half_is_missing_is_invalid(tmp_path: Path, name: str) -> None:
    kinds: dict[str, ConcreteFormat] = {
        "a.flac": "flac16",
        "a.mp3": "mp3",
        "a.ogg": "ogg",
        "a.m4a": "m4a",
    }
    path = tmp_path / name
    with open_encoder(path, kinds[name], sample_rate_hz=44_100, expected_frames=50_000) as encoder:
        encoder.write(tones(50_000))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(OutputInvalid):
        _verify(path)


def test_bytes_that_are_no_sound_are_invalid(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"nothing")

    with pytest.raises(OutputInvalid, match="does not decode"):
        _verify(path)


def test_damage_inside_a_file_is_told_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "noise.flac"
    noise = 0.1 * np.random.default_rng(5).standard_normal((44_100, 2))
    soundfile.write(path, noise, 44_100, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2_000] = bytes(2_000)
    path.write_bytes(data)
    with pytest.raises(OutputInvalid, match="is damaged"):
        verify_file(path, frames=44_100, channels=2, sample_rate_hz=44_100, may_be_silent=False)
