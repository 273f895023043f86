"""What is written reads back with exactly its length, in every format and at both rates."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.mp3 import MP3, BitrateMode

from separation.audio.encoding.encode import open_encoder
from separation.audio.encoding.verify import verify_file
from separation.errors import OutputInvalid
from separation.formats import ConcreteFormat, extension_for, resolve_format
from tests.separation.audio.sounds import read, tones

FORMATS: tuple[ConcreteFormat, ...] = (
    "wav16", "wav24", "wav32f", "flac16", "flac24", "mp3", "ogg", "m4a",
)  # fmt: skip


def _encode(
    folder: Path,
    output_format: ConcreteFormat,
    sound: np.ndarray,
    rate_hz: int = 44_100,
    block_frames: int = 30_000,
    **options: int,
) -> Path:
    path = folder / f"track{extension_for(output_format)}"
    with open_encoder(
        path, output_format, sample_rate_hz=rate_hz, expected_frames=sound.shape[1], **options
    ) as encoder:
        for start in range(0, sound.shape[1], block_frames):
            encoder.write(sound[:, start : start + block_frames])
    return path


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("frames", [1, 1_023, 100_003])
@pytest.mark.parametrize("output_format", FORMATS)
def test_the_length_is_exact(
    tmp_path: Path, output_format: ConcreteFormat, frames: int, rate_hz: int
) -> None:
    path = _encode(tmp_path, output_format, tones(frames, rate_hz) + 0.05, rate_hz)

    facts = verify_file(
        path, frames=frames, channels=2, sample_rate_hz=rate_hz, may_be_silent=frames == 1
    )

    assert facts.frames == frames


@pytest.mark.parametrize(
    ("output_format", "worst"),
    # Half a step of rounding; float is exact.
    [("wav16", 2**-16), ("flac16", 2**-16), ("wav24", 2**-24), ("flac24", 2**-24), ("wav32f", 0)],
)
def test_lossless_formats_err_by_half_a_step_at_most(
    tmp_path: Path, output_format: ConcreteFormat, worst: float
) -> None:
    sound = tones(20_000)

    out = read(_encode(tmp_path, output_format, sound))

    assert np.abs(out - sound).max() <= worst


@pytest.mark.parametrize("output_format", ["mp3", "ogg", "m4a"])
def test_lossy_formats_sound_alike_and_are_not_shifted(
    tmp_path: Path, output_format: ConcreteFormat
) -> None:
    sound = tones(60_000)
    path = _encode(tmp_path, output_format, sound)
    wav = _decoded(path)

    middle = slice(10_000, 50_000)
    error = np.sqrt(np.mean((wav[:, middle] - sound[:, middle]) ** 2))
    # One frame of shift of the 440 Hz tone alone would give more than 0.02.
    assert error < 0.015


def _decoded(path: Path) -> np.ndarray:
    from separation.audio.decoding.open_reader import open_reader
    from separation.audio.decoding.sniff import sniff

    with open_reader(path, sniff(path)) as reader:
        return np.concatenate(list(reader.blocks()), axis=1)


def test_many_blocks_of_odd_sizes_make_one_file(tmp_path: Path) -> None:
    sound = tones(9_000)

    path = _encode(tmp_path, "m4a", sound, block_frames=777)

    assert _decoded(path).shape == (2, 9_000)


@pytest.mark.parametrize("kbps", [128, 192, 320])
def test_a_mp3_has_the_bit_rate_that_was_asked_for(tmp_path: Path, kbps: int) -> None:
    path = _encode(tmp_path, "mp3", tones(100_000), mp3_bitrate_kbps=kbps)

    info = MP3(path).info
    assert info.bitrate_mode == BitrateMode.CBR
    assert info.bitrate == pytest.approx(kbps * 1000, rel=1e-3)


@pytest.mark.parametrize("output_format", ["wav16", "flac24", "mp3", "ogg", "m4a"])
def test_a_track_that_would_clip_is_refused(tmp_path: Path, output_format: ConcreteFormat) -> None:
    sound = tones(2000)
    sound[0, 100] = 1.001

    with pytest.raises(OutputInvalid, match="full scale"):
        _encode(tmp_path, output_format, sound)


def test_float_wav_keeps_what_exceeds_full_scale(tmp_path: Path) -> None:
    sound = tones(2000) * 3

    assert np.array_equal(read(_encode(tmp_path, "wav32f", sound)), sound)


def test_full_scale_itself_does_not_wrap_around(tmp_path: Path) -> None:
    sound = np.array([[1.0, -1.0, 1.0 + 5e-7]] * 2, dtype=np.float32)

    for output_format in ("wav16", "wav24"):
        out = read(_encode(tmp_path, output_format, sound))
        assert np.allclose(out, [[1.0, -1.0, 1.0]] * 2, atol=2**-15)


@pytest.mark.parametrize("output_format", ["wav32f", "wav24"])
def test_a_sample_that_is_no_number_is_refused(
    tmp_path: Path, output_format: ConcreteFormat
) -> None:
    sound = tones(2000)
    sound[1, 7] = np.nan

    with pytest.raises(OutputInvalid, match="not numbers"):
        _encode(tmp_path, output_format, sound)


def test_a_wav_that_would_pass_4_gib_is_written_as_rf64(tmp_path: Path) -> None:
    for expected_frames, kind in ((2**29, "WAV"), (2**30, "RF64")):
        path = tmp_path / f"{kind}.wav"
        with open_encoder(
            path, "wav16", sample_rate_hz=44_100, expected_frames=expected_frames
        ) as encoder:
            encoder.write(tones(10))
        assert soundfile.info(path).format == kind


@pytest.mark.parametrize(
    ("container", "codec", "concrete"),
    [
        ("wav", "pcm_u8", "wav16"),
        ("wav", "pcm_16", "wav16"),
        ("wav", "pcm_24", "wav24"),
        ("rf64", "pcm_float", "wav32f"),
        ("wav", "pcm_32", "wav32f"),
        ("mp3", "mp3", "mp3"),
        ("flac", "flac", "wav16"),
        ("mp4", "aac", "wav16"),
    ],
)
def test_same_as_the_input_keeps_wav_depth_and_mp3(
    container: str, codec: str, concrete: str
) -> None:
    assert resolve_format("same", container, codec) == concrete
    assert resolve_format("ogg", container, codec) == "ogg"
