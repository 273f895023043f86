"""Every accepted kind of source becomes the same canonical file, of exactly the right length."""

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from separation.audio.decoding.decode import decode_to_canonical
from separation.audio.resample import frames_at
from tests.separation.audio.sounds import LIMITS, read, save, save_by_ffmpeg, save_wav, tones

LOSSY_TOLERANCE = 0.1
"""Codecs at their default rates, with noise in the tone: nearness, not equality."""


def _near(left: np.ndarray, right: np.ndarray) -> float:
    """Root mean square of the difference, relative to that of the sound."""
    return float(np.sqrt(np.mean((left - right) ** 2) / np.mean(right**2)))


@pytest.mark.parametrize(
    ("kind", "subtype", "container", "codec", "bits", "tolerance"),
    [
        ("WAV", "PCM_U8", "wav", "pcm_u8", 8, 0.02),
        ("WAV", "PCM_24", "wav", "pcm_24", 24, 1e-6),
        ("WAV", "DOUBLE", "wav", "pcm_double", 64, 1e-7),
        ("AIFF", "PCM_16", "aiff", "pcm_16", 16, 2e-4),
        ("FLAC", "PCM_24", "flac", "flac", 24, 1e-6),
        ("MP3", "MPEG_LAYER_III", "mp3", "mp3", None, LOSSY_TOLERANCE),
        ("OGG", "VORBIS", "ogg", "vorbis", None, LOSSY_TOLERANCE),
    ],
)
def test_a_stereo_file_at_44_1_khz_comes_out_as_it_went_in(
    tmp_path: Path,
    kind: str,
    subtype: str,
    container: str,
    codec: str,
    bits: int | None,
    tolerance: float,
) -> None:
    sound = tones(70_001)
    source = save(tmp_path / "a", sound, kind=kind, subtype=subtype)

    song = decode_to_canonical(source, tmp_path / "song.wav", LIMITS)

    out = read(tmp_path / "song.wav")
    assert (song.container, song.codec, song.bit_depth) == (container, codec, bits)
    assert song.frames == song.source_frames == out.shape[1] == 70_001
    assert song.measured
    assert _near(out, sound) < tolerance


@pytest.mark.parametrize(
    ("kind", "codec", "container", "named"),
    [
        ("ipod", "aac", "mp4", "aac"),
        ("ipod", "alac", "mp4", "alac"),
        ("webm", "libopus", "matroska", "opus"),
        ("ogg", "libopus", "ogg", "opus"),
    ],
)
def test_what_ffmpeg_reads_has_the_right_length_too(
    tmp_path: Path, kind: str, codec: str, container: str, named: str
) -> None:
    sound = tones(100_003, 48_000)
    source = save_by_ffmpeg(tmp_path / "a", sound, 48_000, kind=kind, codec=codec)

    song = decode_to_canonical(source, tmp_path / "song.wav", LIMITS)

    assert (song.container, song.codec) == (container, named)
    # The clock of WebM, and of an edit list as FFmpeg writes it by default, counts milliseconds:
    # the file itself cannot say where within one the sound ends.
    slack = 48 if (kind, codec) in (("webm", "libopus"), ("ipod", "aac")) else 0
    assert abs(song.source_frames - 100_003) <= slack
    assert song.frames == frames_at(44_100, song.source_frames, 48_000)
    assert read(tmp_path / "song.wav").shape == (2, song.frames)
    assert np.sqrt(np.mean(read(tmp_path / "song.wav") ** 2)) == pytest.approx(
        np.sqrt(np.mean(sound**2)), rel=0.05
    )


@pytest.mark.parametrize(("rate_hz", "frames"), [(11_025, 5_001), (96_000, 50_003), (48_000, 1)])
def test_any_rate_becomes_44_1_khz_with_no_frame_lost(
    tmp_path: Path, rate_hz: int, frames: int
) -> None:
    source = save_wav(tmp_path / "a.wav", tones(frames, rate_hz), rate_hz)

    song = decode_to_canonical(source, tmp_path / "song.wav", LIMITS)

    info = soundfile.info(tmp_path / "song.wav")
    assert song.frames == info.frames == -(-frames * 44_100 // rate_hz)
    assert (info.samplerate, info.channels, info.format) == (44_100, 2, "RF64")
    assert (song.source_frames, song.source_rate_hz) == (frames, rate_hz)


def test_mono_becomes_two_equal_channels_at_the_same_level(tmp_path: Path) -> None:
    sound = tones(4000, channels=1)
    source = save(tmp_path / "a.wav", sound, kind="WAV", subtype="FLOAT")

    song = decode_to_canonical(source, tmp_path / "song.wav", LIMITS)

    out = read(tmp_path / "song.wav")
    assert song.source_channels == 1
    assert np.array_equal(out, np.repeat(sound, 2, axis=0))


def test_six_channels_are_mixed_down_with_the_centre_in_both_sides(tmp_path: Path) -> None:
    sound = np.zeros((6, 3000), dtype=np.float32)
    sound[2] = tones(3000, channels=1)[0]
    source = save(tmp_path / "a.wav", sound, kind="WAV", subtype="FLOAT")

    decode_to_canonical(source, tmp_path / "song.wav", LIMITS)

    out = read(tmp_path / "song.wav")
    assert np.allclose(out, 0.70710678 * np.stack([sound[2]] * 2), atol=1e-6)


def test_one_sample_is_a_song(tmp_path: Path) -> None:
    source = save(tmp_path / "a.wav", np.full((2, 1), 0.5, np.float32), kind="WAV", subtype="FLOAT")

    song = decode_to_canonical(source, tmp_path / "song.wav", LIMITS)

    assert (song.frames, song.peak, song.mean, song.std) == (1, 0.5, 0.5, 0.0)


def test_the_song_is_measured_and_its_source_is_hashed(tmp_path: Path) -> None:
    sound = tones(50_000)
    source = save(tmp_path / "a.wav", sound, kind="WAV", subtype="FLOAT")

    song = decode_to_canonical(source, tmp_path / "song.wav", LIMITS)

    mono = sound.astype(np.float64).mean(axis=0)
    assert song.peak == float(np.abs(sound).max())
    assert song.mean == pytest.approx(mono.mean(), abs=1e-12)
    assert song.std == pytest.approx(mono.std(ddof=1), rel=1e-12)
    assert song.input_digest == hashlib.sha256(source.read_bytes()).hexdigest()
    assert song.duration_s == pytest.approx(50_000 / 44_100)


def test_a_file_that_ends_early_is_used_as_far_as_it_goes_and_the_person_is_told(
    tmp_path: Path,
) -> None:
    for kind, subtype in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III")):
        source = save(tmp_path / f"a.{kind}", tones(150_000), kind=kind, subtype=subtype)
        source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])

        song = decode_to_canonical(source, tmp_path / "song.wav", LIMITS)

        assert 60_000 < song.frames < 85_000, kind
        assert song.warnings, kind


def test_of_a_video_the_first_sound_track_is_used_and_the_person_is_told(tmp_path: Path) -> None:
    sound = tones(48_000, 48_000)
    source = tmp_path / "clip.mkv"
    with av.open(str(source), "w", format="matroska") as container:
        picture = container.add_stream("mpeg4", rate=25)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        tracks = [container.add_stream("pcm_s16le", rate=48_000, layout="stereo") for _ in "ab"]
        image = av.VideoFrame(64, 64, "yuv420p")
        image.pts = 0
        container.mux(picture.encode(image))
        for track, gain in zip(tracks, (1.0, 0.1), strict=True):
            steps = np.rint(sound * gain * 2**15).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(steps.T).reshape(1, -1), format="s16", layout="stereo"
            )
            frame.sample_rate, frame.pts = 48_000, 0
            container.mux(track.encode(frame))

    song = decode_to_canonical(source, tmp_path / "song.wav", LIMITS)

    assert (song.codec, song.bit_depth, song.source_frames) == ("pcm_16", 16, 48_000)
    # The other track is 20 dB softer; resampling takes the highest of the noise away.
    assert song.peak == pytest.approx(np.abs(sound).max(), rel=0.1)
    assert song.warnings == ("The file has 2 sound tracks; the first was used.",)
