"""Each kind of bad source has its own named error, and none leaves anything behind."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from separation.audio.decoding.decode import decode_to_canonical, probe
from separation.errors import (
    CorruptAudio,
    DiskFull,
    EmptyAudio,
    FileUnavailable,
    SampleRateOutOfRange,
    SeparationError,
    TooLarge,
    TooLong,
    TooManyChannels,
    UnsupportedFormat,
)
from separation.settings import IntakeLimits
from tests.separation.audio.sounds import LIMITS, save, save_by_ffmpeg, save_wav, tones


def _no_bytes(path: Path) -> Path:
    path.touch()
    return path


def _text(path: Path) -> Path:
    path.write_text("not a song\n" * 100)
    return path


def _header_only(path: Path) -> Path:
    return save_wav(path, tones(0))


def _many_channels(path: Path) -> Path:
    return save_wav(path, np.zeros((208, 10), np.float32))


def _slow_rate(path: Path) -> Path:
    return save_wav(path, tones(500, 500), 500)


def _one_nan(path: Path) -> Path:
    sound = tones(100_000)
    sound[1, 90_000] = np.nan
    return save(path, sound, kind="WAV", subtype="FLOAT")


def _flac_of_zeros(path: Path) -> Path:
    return save(path, np.zeros((2, 44_100 * 20), np.float32), kind="FLAC", subtype="PCM_16")


def _mp4_without_sound(path: Path) -> Path:
    save_by_ffmpeg(path, tones(48_000, 48_000), 48_000, kind="ipod", codec="aac")
    content = path.read_bytes()
    # The sound's description becomes an atom that nobody knows.
    path.write_bytes(content.replace(b"trak", b"xxxx"))
    return path


def _mp4_of_rubbish(path: Path) -> Path:
    path.write_bytes(b"\0\0\0\x18ftypM4A " + bytes(12) + b"\xaa" * 5000)
    return path


def _flac_of_rubbish(path: Path) -> Path:
    path.write_bytes(b"fLaC" + b"\xaa" * 5000)
    return path


def _flac_cut_at_the_start(path: Path) -> Path:
    save(path, tones(1_000_000), kind="FLAC", subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:25_000])
    return path


CASES: list[tuple[Callable[[Path], Path], IntakeLimits, type[SeparationError], str]] = [
    (_no_bytes, LIMITS, EmptyAudio, "0 bytes"),
    (_text, LIMITS, UnsupportedFormat, "text file"),
    (_header_only, LIMITS, EmptyAudio, "no sound"),
    (_many_channels, LIMITS, TooManyChannels, "208 channels"),
    (_slow_rate, LIMITS, SampleRateOutOfRange, "500 Hz"),
    (_one_nan, LIMITS, CorruptAudio, "not numbers"),
    (_flac_of_zeros, replace(LIMITS, max_decode_ratio=200.0), TooLarge, "200 times"),
    (_flac_of_zeros, replace(LIMITS, max_bytes=1000), TooLarge, "at most"),
    (_flac_of_zeros, replace(LIMITS, max_duration_s=19.0), TooLong, "19 seconds"),
    (_mp4_without_sound, LIMITS, EmptyAudio, "no sound track"),
    (_mp4_of_rubbish, LIMITS, CorruptAudio, "cannot be decoded"),
    (_flac_of_rubbish, LIMITS, CorruptAudio, "cannot be decoded"),
    (_flac_cut_at_the_start, LIMITS, CorruptAudio, "[Nn]othing"),
]


@pytest.mark.parametrize(("make", "limits", "error", "words"), CASES)
def test_a_bad_source_has_its_named_error_and_leaves_nothing(
    tmp_path: Path,
    make: Callable[[Path], Path],
    limits: IntakeLimits,
    error: type[SeparationError],
    words: str,
) -> None:
    source = make(tmp_path / "song.mp3")
    work = tmp_path / "work"
    work.mkdir()

    with pytest.raises(error, match=words):
        decode_to_canonical(source, work / "song.wav", limits)

    assert list(work.iterdir()) == []
    assert source.exists()


@pytest.mark.parametrize("make", [_many_channels, _flac_of_rubbish, _one_nan])
def test_probing_finds_the_fault_as_well(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(SeparationError):
        probe(make(tmp_path / "song"), LIMITS)


def test_a_length_that_the_header_hides_is_found_while_decoding(tmp_path: Path) -> None:
    source = save(tmp_path / "a.flac", tones(441_000), kind="FLAC", subtype="PCM_16")
    content = bytearray(source.read_bytes())
    # STREAMINFO: the total of samples is the last 36 bits before the MD5; 0 means unknown.
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    source.write_bytes(content)

    with pytest.raises(TooLong):
        decode_to_canonical(source, tmp_path / "song.wav", replace(LIMITS, max_duration_s=5.0))


def test_a_full_disk_is_refused_before_any_work(tmp_path: Path) -> None:
    source = save_wav(tmp_path / "a.wav", tones(100))

    with pytest.raises(DiskFull):
        decode_to_canonical(source, tmp_path / "song.wav", replace(LIMITS, min_free_bytes=10**18))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileUnavailable, match="no such file"):
        probe(tmp_path / "nothing.wav", LIMITS)


def test_no_folder_is_made_for_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One would be left by a kill between its making and its removal."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "there is none"))

    with pytest.raises(CorruptAudio):
        probe(_flac_of_rubbish(tmp_path / "a"), LIMITS)
