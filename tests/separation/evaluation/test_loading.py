"""Songs of a suite become canonical files, whatever they are stored as."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from separation.audio.encoding.stem_mp4 import TRACKS, StemFileWriter
from separation.errors import EmptyAudio, SuiteInvalid, TooLong, UnsupportedFormat
from separation.evaluation.loading import LoadedSong, SumReader, load_song
from separation.evaluation.suite import Sound, SuiteSong, read_suite
from tests.separation.audio.sounds import LIMITS
from tests.separation.evaluation.songs import RATE_HZ, Floats, save, save_song, stems


def load(suite: Path, work: Path, *, seconds: float | None = None) -> LoadedSong:
    (song,) = read_suite(suite).songs
    work.mkdir()
    return load_song(song, work, LIMITS, seconds=seconds)


def sound(path: Path) -> Floats:
    return np.ascontiguousarray(soundfile.read(path, always_2d=True)[0].T)


def test_stems_and_mixture_come_as_they_are(tmp_path: Path) -> None:
    made = stems(0.5)
    save_song(tmp_path / "suite" / "Song", made, ending=".flac")

    song = load(tmp_path / "suite", tmp_path / "work")

    assert (song.name, song.frames, song.duration_s) == ("Song", 22_050, 0.5)
    # 24 bits: half a step is 2^-24.
    np.testing.assert_allclose(sound(song.stems["vocals"]), made["vocals"], atol=2**-23)
    np.testing.assert_allclose(sound(song.mixture), sum(made.values()), atol=2**-23)


def test_a_missing_mixture_is_the_sum_of_the_stems(tmp_path: Path) -> None:
    made = stems(0.5)
    (save_song(tmp_path / "suite" / "Song", made) / "mixture.wav").unlink()

    song = load(tmp_path / "suite", tmp_path / "work")

    np.testing.assert_allclose(sound(song.mixture), sum(made.values()), atol=1e-6)


def test_mono_at_another_rate_becomes_two_channels_at_44100_hz(tmp_path: Path) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 48_000)[None]
    for name in ("mixture", "vocals"):
        save(tmp_path / "suite" / "Song" / f"{name}.wav", tone, 48_000)

    song = load(tmp_path / "suite", tmp_path / "work")

    there = sound(song.stems["vocals"])
    assert there.shape == (2, 22_050)
    wanted = 0.3 * np.sin(2 * np.pi * 440 * np.arange(22_050) / RATE_HZ)
    # Away from the ends, where the resampler rings.
    np.testing.assert_allclose(there[:, 500:-500], np.stack([wanted] * 2)[:, 500:-500], atol=1e-4)


def test_the_tracks_of_a_stem_file_are_taken_by_their_order(tmp_path: Path) -> None:
    time = np.arange(RATE_HZ) / RATE_HZ
    tones = [
        np.stack([0.2 * np.sin(2 * np.pi * hz * time)] * 2).astype(np.float32)
        for hz in (300, 600, 900, 1_200, 1_500)
    ]
    (tmp_path / "suite").mkdir()
    with StemFileWriter(tmp_path / "suite" / "Song.stem.mp4") as writer:
        writer.write(tones)
        writer.finish()
    assert len(tones) == len(TRACKS)

    song = load(tmp_path / "suite", tmp_path / "work")

    assert song.notes == ()
    paths = [song.mixture, *(song.stems[n] for n in ("drums", "bass", "other", "vocals"))]
    # A second has one bin a hertz.
    loudest = [int(np.abs(np.fft.rfft(sound(path)[0])).argmax()) for path in paths]
    assert loudest == [300, 600, 900, 1_200, 1_500]


def test_a_stem_file_without_enough_tracks_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "one.wav", stems(0.1)["vocals"])
    with pytest.raises(EmptyAudio, match=r"one\.wav.*no track 3"):
        load_song(SuiteSong("Song", None, {"bass": Sound(path, 2)}), tmp_path, LIMITS)


def test_a_stem_longer_than_the_mixture_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = save_song(tmp_path / "suite" / "Song", stems(0.5))
    save(folder / "drums.wav", stems(1.0)["drums"])
    with pytest.raises(SuiteInvalid, match=r"'drums' of 'Song' is 0\.50 s longer.*export"):
        load(tmp_path / "suite", tmp_path / "work")


def test_a_shorter_stem_is_silent_behind_its_end(tmp_path: Path) -> None:
    folder = save_song(tmp_path / "suite" / "Song", stems(0.5))
    save(folder / "drums.wav", stems(0.25)["drums"])

    song = load(tmp_path / "suite", tmp_path / "work")

    with SumReader([song.stems["drums"], song.stems["vocals"]]) as both:
        assert both.frames == 22_050
        total = both.read(0, 22_050)
    np.testing.assert_array_equal(total[:, 11_025:], sound(song.stems["vocals"])[:, 11_025:])
    assert np.abs(total[:, :11_025] - sound(song.stems["vocals"])[:, :11_025]).max() > 0.1


def test_an_excerpt_is_the_middle_of_every_file(tmp_path: Path) -> None:
    made = stems(1.0)
    save_song(tmp_path / "suite" / "Song", made)

    song = load(tmp_path / "suite", tmp_path / "work", seconds=0.5)

    assert song.frames == 22_050
    middle = slice(11_025, 33_075)
    np.testing.assert_allclose(sound(song.stems["drums"]), made["drums"][:, middle], atol=1e-6)
    np.testing.assert_allclose(
        sound(song.mixture), np.sum(list(made.values()), axis=0)[:, middle], atol=1e-6
    )


def test_the_digest_is_that_of_the_files_and_not_of_their_place(tmp_path: Path) -> None:
    for place, seed in (("a", 1), ("b", 1), ("c", 2)):
        sound = stems(0.1, seed=seed)["vocals"]
        save(tmp_path / place / f"Song {place}" / "vocals.wav", sound)
    digests = [load(tmp_path / p, tmp_path / f"work {p}").digest for p in ("a", "b", "c")]
    assert digests[0] == digests[1] != digests[2]


def test_a_file_that_is_no_sound_is_refused_by_name(tmp_path: Path) -> None:
    folder = save_song(tmp_path / "suite" / "Song", stems(0.1))
    (folder / "drums.wav").write_text("Dear sirs,\n" * 50)
    with pytest.raises(UnsupportedFormat, match=r"drums\.wav: "):
        load(tmp_path / "suite", tmp_path / "work")


def test_the_limits_of_uploads_hold(tmp_path: Path) -> None:
    save_song(tmp_path / "suite" / "Song", stems(0.5))
    (song,) = read_suite(tmp_path / "suite").songs
    with pytest.raises(TooLong):
        load_song(song, tmp_path, replace(LIMITS, max_duration_s=0.4))
