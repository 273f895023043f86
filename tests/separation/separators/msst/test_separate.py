"""What the family promises beside its numbers: stems, odd songs, cancel, and being killed."""

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from separation.errors import Cancelled, InvalidOptions
from separation.separators.msst.separator import MsstSeparator
from tests.separation.fakes import make_spec, separation_request
from tests.separation.interrupted import ALWAYS, attempt, elsewhere, kill_at
from tests.separation.msst_models import save_model, small_config
from tests.separation.separators.msst.conftest import Make
from tests.separation.small_models import noise, save_song

WINDOW_FRAMES = 128 * 63


def run(separator: MsstSeparator, folder: Path, samples: np.ndarray) -> dict[str, np.ndarray]:
    out = folder / "stems"
    out.mkdir(exist_ok=True)
    paths = separator.separate(save_song(folder / "song.wav", samples), out)
    assert list(paths) == separator.get_supported_tracks()
    assert sorted(out.iterdir()) == sorted(paths.values())
    return {
        stem: soundfile.read(path, dtype="float32", always_2d=True)[0].T
        for stem, path in paths.items()
    }


def test_what_is_left_of_the_song_is_a_stem(models: Path, make: Make, tmp_path: Path) -> None:
    save_model(models / "mine", "mel_band_roformer")
    samples = noise(30_000)
    stems = run(make(), tmp_path, samples)
    assert list(stems) == ["vocals", "other"]
    # Averages of a few windows in float32: the stems miss the song by its last bits.
    assert np.abs(stems["vocals"] + stems["other"] - samples).max() < 1e-6
    assert np.abs(stems["vocals"]).max() > 0.01


def test_a_single_stem_without_a_rest_gets_one(models: Path, make: Make) -> None:
    config = small_config("mel_band_roformer", training={"instruments": ["vocals"]})
    save_model(models / "mine", config=config)
    assert make().get_supported_tracks() == ["vocals", "no_vocals"]


def test_stems_can_be_chosen(models: Path, make: Make, tmp_path: Path) -> None:
    save_model(models / "mine", "scnet")
    samples = noise(20_000)
    every = run(make(), tmp_path, samples)
    for name in ("two", "karaoke"):
        (tmp_path / name).mkdir()
    two = run(make(stems=("vocals", "bass")), tmp_path / "two", samples)
    assert list(two) == ["bass", "vocals"]
    assert np.array_equal(two["bass"], every["bass"])
    karaoke = run(make(two_stems="vocals"), tmp_path / "karaoke", samples)
    others = every["drums"] + every["bass"] + every["other"]
    assert np.array_equal(karaoke["vocals"], every["vocals"])
    np.testing.assert_allclose(karaoke["no_vocals"], others, atol=1e-6)


def test_a_stem_that_the_model_lacks_is_named(models: Path, make: Make, tmp_path: Path) -> None:
    save_model(models / "mine", "scnet")
    with pytest.raises(InvalidOptions, match="'piano'"):
        run(make(stems=("piano",)), tmp_path, noise(1_000))
    assert list((tmp_path / "stems").iterdir()) == []


@pytest.mark.parametrize("name", ["mel_band_roformer", "scnet", "mdx23c"])
@pytest.mark.parametrize("frames", [1, 2, 500, WINDOW_FRAMES // 2, WINDOW_FRAMES])
def test_short_songs_keep_their_length(
    name: str, frames: int, models: Path, make: Make, tmp_path: Path
) -> None:
    save_model(models / "mine", name)
    stems = run(make(), tmp_path, noise(frames))
    assert all(stem.shape == (2, frames) for stem in stems.values())
    assert all(np.isfinite(stem).all() for stem in stems.values())


@pytest.mark.parametrize("name", ["mel_band_roformer", "scnet", "mdx23c", "apollo"])
def test_silence_stays_silent(name: str, models: Path, make: Make, tmp_path: Path) -> None:
    save_model(models / "mine", name)
    stems = run(make(), tmp_path, np.zeros((2, 25_000), np.float32))
    assert all(not stem.any() for stem in stems.values())


def test_equal_channels_give_equal_channels(models: Path, make: Make, tmp_path: Path) -> None:
    save_model(models / "mine", "bandit")
    samples = np.repeat(noise(20_000)[:1], 2, axis=0)
    for stem in run(make(), tmp_path, samples).values():
        assert np.array_equal(stem[0], stem[1]) and stem.any()


def test_memory_does_not_grow_with_the_song(models: Path, make: Make, tmp_path: Path) -> None:
    save_model(models / "mine", "mel_band_roformer")
    separator = make()
    run(separator, tmp_path, noise(1_000))
    peaks = []
    for frames in (100_000, 400_000):
        song = save_song(tmp_path / "long.wav", noise(frames))
        tracemalloc.start()
        separator.separate(song, tmp_path / "stems")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # A stem of the longer song has 3.2 MB.
    assert peaks[1] < peaks[0] * 1.2 and peaks[1] < 3_000_000


def test_a_cancel_leaves_nothing(models: Path, make: Make, tmp_path: Path) -> None:
    save_model(models / "mine", "mel_band_roformer")
    seen: list[float] = []

    def report(fraction: float, message: str = "") -> None:
        seen.append(fraction)
        if fraction > 0.3:
            raise Cancelled("Stopped.")

    (tmp_path / "stems").mkdir()
    song = save_song(tmp_path / "song.wav", noise(60_000))
    with pytest.raises(Cancelled):
        make().separate(song, tmp_path / "stems", report=report)
    assert seen == sorted(seen) and 0.3 < seen[-1] < 0.7
    assert list((tmp_path / "stems").iterdir()) == []


def test_a_killed_separation_ends_as_an_undisturbed_one(models: Path, tmp_path: Path) -> None:
    save_model(models / "mine", "bs_roformer", config=small_config("bs_roformer"))
    settings = replace(ALWAYS, model_paths=(models,), model_dir=tmp_path / "kept")
    song = save_song(tmp_path / "song.wav", noise(60_123))
    request = separation_request(separator="msst", model="mine", device="cpu")
    spec = make_spec(tmp_path, request, song=song)
    whole = attempt(elsewhere(spec), settings)
    kill_at(spec, whole.windows // 2, settings)
    resumed = attempt(spec, settings)
    assert resumed.details["resumed_at_s"] > 0 and resumed.windows < whole.windows
    assert resumed.stems == whole.stems and len(whole.stems) == 2


def test_the_next_song_finds_the_model_loaded(models: Path, make: Make, tmp_path: Path) -> None:
    save_model(models / "mine", "scnet")
    separator = make()
    first = run(separator, tmp_path, noise(9_000))
    (models / "mine" / "model.ckpt").unlink()
    again: dict[str, Any] = run(separator, tmp_path, noise(9_000))
    assert all(np.array_equal(first[stem], again[stem]) for stem in first)


def test_files_that_were_replaced_are_loaded_for_the_next_song(models: Path, make: Make) -> None:
    save_model(models / "mine")
    separator = make()
    separator.load()
    first = separator.identity().weights_digest
    separator.load()
    assert separator.identity().weights_digest == first
    save_model(models / "mine", seed=1)
    separator.load()
    assert separator.identity().weights_digest != first


@pytest.mark.parametrize(("engine", "notes"), [("auto", 0), ("torch", 0), ("openvino", 1)])
def test_only_who_asked_for_openvino_is_told_that_torch_ran(
    engine: str, notes: int, models: Path, make: Make
) -> None:
    save_model(models / "mine")
    identity = make(engine=engine).identity()
    assert identity.engine == "torch" and len(identity.notes) == notes


def test_overlap_and_shifts_that_were_asked_for_have_no_use(
    models: Path, make: Make, tmp_path: Path
) -> None:
    save_model(models / "mine", "bs_roformer")
    usual = run(make(), tmp_path, noise(20_000))
    asked = make(overlap=0.75, shifts=2, seed=3)
    for stem, audio in run(asked, tmp_path, noise(20_000)).items():
        assert np.array_equal(audio, usual[stem])
    assert asked.identity().seed is None
