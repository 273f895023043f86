"""The embedded separator on synthesised songs: what every stem is owed, and its lengths."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from separation.audio.blocks import BlockReader, FloatArray, FloatWriter
from separation.base import SAMPLE_RATE_HZ, SeparatorOptions
from separation.errors import Cancelled, InvalidOptions
from separation.separators.spectral import SpectralSeparator
from separation.separators.spectral.masks import balanced

STEMS = ["drums", "bass", "other", "vocals"]
SUM_TOLERANCE = 1e-6
"""Four float32 roundings at full scale are 2.4e-7."""


def write(path: Path, samples: FloatArray) -> Path:
    with FloatWriter(path) as writer:
        writer.write(samples.astype(np.float32))
    return path


def read(path: Path) -> FloatArray:
    with BlockReader(path) as reader:
        return reader.read(0, reader.frames)


def separated(tmp_path: Path, samples: FloatArray, **options: object) -> dict[str, FloatArray]:
    song = write(tmp_path / "song.wav", samples)
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    paths = SpectralSeparator(SeparatorOptions(**options)).separate(song, out)  # type: ignore[arg-type]
    assert paths == {stem: out / f"{stem}.wav" for stem in paths}
    return {stem: read(path) for stem, path in paths.items()}


def noise(frames: int, level: float = 0.1) -> FloatArray:
    return (level * np.random.default_rng(3).standard_normal((2, frames))).astype(np.float32)


def song_of_four(seconds: float) -> dict[str, FloatArray]:
    """Strokes of noise, a bass line, chords out of the middle, a gliding voice in the middle."""
    random = np.random.default_rng(11)
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    since_beat = time_s % 0.5
    stroke = random.standard_normal(len(time_s)) * np.exp(-since_beat / 0.03)
    notes = 55.0 * 2 ** (np.array([0, 3, 5, 7])[(time_s / 1.0).astype(int) % 4] / 12)
    bass = sum(np.sin(2 * np.pi * np.cumsum(notes * k) / SAMPLE_RATE_HZ) / k**2 for k in (1, 2, 3))
    chord = sum(np.sin(2 * np.pi * 440.0 * 2 ** (k / 12) * time_s) for k in (0, 4, 7, 12))
    pitch = 220 * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * time_s) + 0.02 * np.sin(35 * time_s))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE_HZ
    sung = sum(np.sin(k * phase) / k for k in range(2, 16)) * (time_s % 3.1 > 0.9)
    stems = {
        "drums": np.stack([stroke, stroke]) * 0.3,
        "bass": np.stack([bass, bass]) * 0.15,
        "other": np.stack([chord, 0.1 * chord]) * 0.05,
        "vocals": np.stack([sung, sung]) * 0.08,
    }
    return {stem: samples.astype(np.float32) for stem, samples in stems.items()}


def sdr_db(truth: FloatArray, estimate: FloatArray) -> float:
    error = np.sum((truth - estimate).astype(np.float64) ** 2)
    return float(10 * np.log10(np.sum(truth.astype(np.float64) ** 2) / error))


def mixture_of(stems: dict[str, FloatArray]) -> FloatArray:
    return np.sum(list(stems.values()), axis=0)


def largest_difference(first: FloatArray, second: FloatArray) -> float:
    return float(np.max(np.abs(first.astype(np.float64) - second)))


@pytest.mark.parametrize("stem", STEMS)
def test_every_stem_is_nearer_to_the_truth_than_the_song_and_than_silence(
    stem: str, four_from_a_song: tuple[dict[str, FloatArray], dict[str, FloatArray]]
) -> None:
    truth, estimates = four_from_a_song
    do_nothing = sdr_db(truth[stem], mixture_of(truth))
    assert sdr_db(truth[stem], estimates[stem]) > max(do_nothing, 0.0) + 1.0


@pytest.fixture(scope="module")
def four_from_a_song(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    truth = song_of_four(10.0)
    return truth, separated(tmp_path_factory.mktemp("song"), mixture_of(truth))


def test_the_stems_sum_to_the_song_across_blocks(tmp_path: Path) -> None:
    song = mixture_of(song_of_four(21.0))
    stems = separated(tmp_path, song)
    total = np.sum([stem.astype(np.float64) for stem in stems.values()], axis=0)
    assert list(stems) == STEMS
    assert largest_difference(song, total) <= SUM_TOLERANCE


def test_where_a_block_ends_leaves_no_mark(tmp_path: Path) -> None:
    """The middle of a song is the same whether a block ends there or not.

    Only the repetition cue looks further than the context and sees other seconds of the song
    here; 12 dB is well above what the masks themselves reach.
    """
    song = mixture_of(song_of_four(26.0))
    # A whole number of hops, so that both see the same frames.
    cut = 388 * 1024
    whole = separated(tmp_path, song)
    later = separated(tmp_path, song[:, cut:])
    seam = slice(17 * SAMPLE_RATE_HZ, 23 * SAMPLE_RATE_HZ)
    shifted = slice(seam.start - cut, seam.stop - cut)
    for stem in STEMS:
        assert sdr_db(whole[stem][:, seam], later[stem][:, shifted]) > 12.0


@pytest.mark.parametrize("frames", [1, 2, 1023, 4097, 44_100, 880_640, 880_641])
def test_stems_are_exactly_as_long_as_the_song_and_sum_to_it(tmp_path: Path, frames: int) -> None:
    song = noise(frames)
    stems = separated(tmp_path, song)
    assert {stem.shape for stem in stems.values()} == {(2, frames)}
    assert largest_difference(song, np.sum(list(stems.values()), axis=0)) <= SUM_TOLERANCE


def test_silence_gives_silence(tmp_path: Path) -> None:
    stems = separated(tmp_path, np.zeros((2, 50_000), np.float32))
    assert all(not stem.any() for stem in stems.values())


def test_two_equal_channels_stay_equal_and_are_still_taken_apart(tmp_path: Path) -> None:
    truth = {stem: samples[:1].repeat(2, axis=0) for stem, samples in song_of_four(6.0).items()}
    stems = separated(tmp_path, mixture_of(truth))
    for stem, samples in stems.items():
        assert largest_difference(samples[0], samples[1]) <= SUM_TOLERANCE
        assert sdr_db(truth[stem], samples) > sdr_db(truth[stem], mixture_of(truth))


def test_a_louder_song_gives_the_same_stems_louder(tmp_path: Path) -> None:
    song = mixture_of(song_of_four(5.0))
    soft, loud = separated(tmp_path, song / np.float32(16)), separated(tmp_path, song)
    for stem in STEMS:
        # Only the floor below 24 bits knows the level.
        assert sdr_db(loud[stem], 16 * soft[stem]) > 50.0


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    song = noise(100_000)
    first, second = separated(tmp_path, song), separated(tmp_path, song)
    assert all(np.array_equal(first[stem], second[stem]) for stem in STEMS)


def test_the_wanted_stems_are_those_of_the_whole_set(tmp_path: Path) -> None:
    song = mixture_of(song_of_four(3.0))
    every = separated(tmp_path, song)
    some = separated(tmp_path, song, stems=("vocals", "drums"))
    assert list(some) == ["drums", "vocals"]
    assert all(np.array_equal(some[stem], every[stem]) for stem in some)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{stem}.wav" for stem in STEMS
    )


def test_karaoke_is_the_voice_and_the_song_without_it(tmp_path: Path) -> None:
    song = mixture_of(song_of_four(3.0))
    vocals = separated(tmp_path, song)["vocals"]
    two = separated(tmp_path, song, two_stems="vocals")
    assert list(two) == ["vocals", "no_vocals"]
    assert np.array_equal(two["vocals"], vocals)
    assert largest_difference(two["no_vocals"], song - vocals) <= SUM_TOLERANCE


@pytest.mark.parametrize("options", [{"stems": ("guitar",)}, {"two_stems": "guitar"}])
def test_an_unknown_stem_is_refused_with_those_there_are(options: dict[str, object]) -> None:
    with pytest.raises(InvalidOptions, match=r"'guitar'.*drums, bass, other, vocals"):
        SpectralSeparator(SeparatorOptions(**options))  # type: ignore[arg-type]


def test_a_song_at_another_rate_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", noise(1000).T, 48_000, subtype="FLOAT")
    with pytest.raises(InvalidOptions, match="48000 Hz"):
        SpectralSeparator(SeparatorOptions()).separate(tmp_path / "song.wav", tmp_path)


def test_progress_rises_to_one_with_several_reports_a_block(tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", noise(21 * SAMPLE_RATE_HZ))
    (tmp_path / "out").mkdir()
    fractions: list[float] = []
    SpectralSeparator(SeparatorOptions()).separate(
        song, tmp_path / "out", report=lambda fraction, message="": fractions.append(fraction)
    )
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    # Two blocks; what lies between two reports is well under the two seconds a cancel may take.
    assert len(fractions) >= 2 * 8


def test_a_cancel_inside_a_block_passes_through(tmp_path: Path) -> None:
    song = write(tmp_path / "song.wav", noise(3 * SAMPLE_RATE_HZ))
    (tmp_path / "out").mkdir()

    def cancelled(fraction: float, message: str = "") -> None:
        if fraction > 0.3:
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        SpectralSeparator(SeparatorOptions()).separate(song, tmp_path / "out", report=cancelled)


def test_it_can_always_run_and_says_what_ran() -> None:
    separator = SpectralSeparator(SeparatorOptions())
    identity = separator.identity()
    assert separator.validate()
    assert separator.get_supported_tracks() == STEMS
    assert (identity.separator, identity.engine, identity.device) == ("spectral", "numpy", "cpu")
    assert len(bytes.fromhex(identity.weights_digest)) == 32


def test_other_coefficients_are_another_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from separation.separators.spectral import separator as module

    before = SpectralSeparator(SeparatorOptions()).identity().weights_digest
    (tmp_path / "other.json").write_text("{}")
    monkeypatch.setattr(module, "COEFFICIENTS", tmp_path / "other.json")
    assert SpectralSeparator(SeparatorOptions()).identity().weights_digest != before


def test_a_stem_that_is_faint_in_the_song_is_not_taken_for_louder() -> None:
    power = np.ones((50, 8), dtype=np.float32)
    # The cues say little: every bin looks a quarter each, but the last bins are surely vocals.
    masks = np.full((3, 50, 8), 0.25, dtype=np.float32)
    masks[:, :, :5] = np.array([0.05, 0.15, 0.6], dtype=np.float32)[:, None, None]
    adapted = balanced(masks, power)
    assert adapted[2, 0, 7] > 0.3
    assert adapted[0, 0, 7] < 0.2


def test_balanced_masks_leave_the_rest_its_part() -> None:
    power = np.random.default_rng(0).random((20, 6)).astype(np.float32)
    masks = np.random.default_rng(1).dirichlet([1, 1, 1, 1], (20, 6)).astype(np.float32)
    adapted = balanced(np.moveaxis(masks[..., :3], -1, 0).copy(), power)
    assert adapted.min() >= 0
    assert adapted.sum(axis=0).max() <= 1 + 1e-6


def test_balancing_silence_divides_by_nothing() -> None:
    masks = np.full((3, 4, 5), 0.25, dtype=np.float32)
    assert np.isfinite(balanced(masks, np.zeros((4, 5), dtype=np.float32))).all()
