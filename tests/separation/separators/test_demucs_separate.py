"""The whole way of the demucs separator: files of weights in, stems out, against demucs."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from demucs.apply import BagOfModels, apply_model

from separation.errors import Cancelled, InvalidOptions
from separation.registry import SeparatorFactory
from tests.separation.small_models import (
    STEMS,
    noise,
    relative_error,
    save_bag,
    save_safetensors,
    save_song,
    save_th,
    small_demucs,
    small_hdemucs,
    small_htdemucs,
)

TOLERANCE = 1e-5
"""What DESIGN demands; the song's mean and deviation are float64 here and float32 in demucs."""

FRAMES = 60_000


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return save_song(tmp_path / "song.wav", noise(FRAMES))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A bag of two with weights, in pickles, and the same in safetensors."""
    directory = tmp_path / "repo"
    directory.mkdir()
    return directory


def run(song: Path, **options: Any) -> dict[str, np.ndarray]:
    out = song.parent / "stems"
    out.mkdir(exist_ok=True)
    separator = SeparatorFactory.create_separator("demucs", device="cpu", **options)
    paths = separator.separate(song, out)
    assert list(paths) == separator.get_supported_tracks()
    assert sorted(out.iterdir()) == sorted(paths.values())
    stems = {stem: soundfile.read(path, dtype="float32")[0].T for stem, path in paths.items()}
    for path in paths.values():
        path.unlink()
    return stems


def reference(model: Any, samples: np.ndarray, **how: Any) -> dict[str, np.ndarray]:
    """demucs.api.Separator.separate_tensor, but for reading the file."""
    wav = torch.from_numpy(samples)
    mono = wav.mean(0)
    random.seed(how.pop("seed", 0))
    with torch.no_grad():
        normal = (wav - mono.mean()) / (mono.std() + 1e-8)
        out = apply_model(model, normal[None], device="cpu", **{"shifts": 0, **how})[0]
        out = out * (mono.std() + 1e-8) + mono.mean()
    return dict(zip(model.sources, out.numpy(), strict=True))


def assert_equal(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    for stem, samples in ours.items():
        assert relative_error(samples, theirs[stem]) <= TOLERANCE, stem


@pytest.mark.parametrize("save", [save_th, save_safetensors])
def test_a_saved_bag_separates_as_demucs_does(song: Path, repo: Path, save: Any) -> None:
    models: list[Any] = [small_htdemucs(1), small_htdemucs(2)]
    weights = [[1.0, 2, 0, 1], [1.0, 0, 1, 3]]
    for model, signature in zip(models, ("aaaa1111", "bbbb2222"), strict=True):
        save(model, repo, signature)
    save_bag(repo, "mine", ["aaaa1111", "bbbb2222"], weights=weights)
    ours = run(song, repo=repo, shifts=1, seed=3, overlap=0.4)
    theirs = reference(BagOfModels(models, weights), noise(FRAMES), shifts=1, seed=3, overlap=0.4)
    assert list(ours) == STEMS
    assert_equal(ours, theirs)


@pytest.mark.parametrize("make", [small_hdemucs, small_demucs])
def test_an_older_network_alone_separates_as_demucs_does(song: Path, repo: Path, make: Any) -> None:
    save_th(make(), repo, "cccc3333")
    assert_equal(run(song, repo=repo, model="cccc3333"), reference(make(), noise(FRAMES)))


def test_the_segment_of_a_bag_and_of_the_options_count(song: Path, repo: Path) -> None:
    save_th(small_hdemucs(), repo, "cccc3333")
    save_bag(repo, "long", ["cccc3333"], segment=2)
    whole = reference(BagOfModels([small_hdemucs()], None, 2), noise(FRAMES))
    assert_equal(run(song, repo=repo), whole)
    assert_equal(
        run(song, repo=repo, segment_s=0.75),
        reference(small_hdemucs(), noise(FRAMES), segment=0.75),
    )


def test_a_subset_of_stems_is_the_same_as_in_the_whole(song: Path, repo: Path) -> None:
    save_th(small_htdemucs(), repo, "aaaa1111")
    ours = run(song, repo=repo, stems=["vocals", "bass"])
    assert list(ours) == ["bass", "vocals"]
    assert_equal(ours, reference(small_htdemucs(), noise(FRAMES)))


def test_two_stems_are_one_stem_and_the_sum_of_the_others(song: Path, repo: Path) -> None:
    save_th(small_htdemucs(), repo, "aaaa1111")
    ours = run(song, repo=repo, two_stems="bass")
    theirs = reference(small_htdemucs(), noise(FRAMES))
    rest = theirs["drums"] + theirs["other"] + theirs["vocals"]
    assert list(ours) == ["bass", "no_bass"]
    assert_equal(ours, {"bass": theirs["bass"], "no_bass": rest})


def test_stems_are_read_from_the_model(song: Path, repo: Path) -> None:
    sources = ["kick", "hat", "voice"]
    save_safetensors(small_htdemucs(sources=sources), repo, "dddd4444")
    save_th(small_htdemucs(sources=sources), repo, "eeee5555")
    save_bag(repo, "fast", ["dddd4444"])
    save_bag(repo, "pickled", ["eeee5555"])
    for model in ("fast", "pickled"):
        separator = SeparatorFactory.create_separator("demucs", repo=repo, model=model)
        assert separator.get_supported_tracks() == sources
    assert list(run(song, repo=repo, model="fast")) == sources


@pytest.mark.parametrize("samples", [noise(1), np.zeros((2, 30_000), np.float32)])
def test_one_sample_and_silence_give_finite_stems_of_that_length(
    tmp_path: Path, repo: Path, samples: np.ndarray
) -> None:
    save_th(small_htdemucs(), repo, "aaaa1111")
    stems = run(save_song(tmp_path / "odd.wav", samples), repo=repo)
    for stem in stems.values():
        assert stem.reshape(2, -1).shape == samples.shape
        assert np.isfinite(stem).all()


def test_cancel_passes_through_and_leaves_nothing(song: Path, repo: Path, tmp_path: Path) -> None:
    save_th(small_htdemucs(), repo, "aaaa1111")
    out = tmp_path / "out"
    out.mkdir()

    def cancel(fraction: float, message: str = "") -> None:
        if fraction > 0.3:
            raise Cancelled("stopped by the test")

    separator = SeparatorFactory.create_separator("demucs", repo=repo, device="cpu")
    with pytest.raises(Cancelled):
        separator.separate(song, out, report=cancel)
    assert list(out.iterdir()) == []


def test_a_separator_serves_many_songs_and_can_be_closed(song: Path, repo: Path) -> None:
    save_th(small_htdemucs(), repo, "aaaa1111")
    separator = SeparatorFactory.create_separator("demucs", repo=repo, device="cpu")
    results = []
    for turn in range(3):
        out = song.parent / f"turn{turn}"
        out.mkdir()
        paths = separator.separate(song, out)
        results.append(paths["drums"].read_bytes())
        if turn == 1:
            separator.close()
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"segment_s": 7.8}, "at most 0.5 s"),
        ({"stems": ["cowbell"]}, "drums, bass, other, vocals"),
        ({"two_stems": "cowbell"}, "no stem 'cowbell'"),
        ({"overlap": 1.0}, "overlap"),
        ({"shifts": -1}, "shifts"),
    ],
)
def test_options_out_of_range_are_refused_in_words(
    song: Path, repo: Path, options: dict[str, Any], words: str
) -> None:
    save_th(small_htdemucs(), repo, "aaaa1111")
    with pytest.raises(InvalidOptions, match=words):
        run(song, repo=repo, **options)


def test_identity_names_weights_and_the_seed_that_counts(repo: Path) -> None:
    save_th(small_htdemucs(), repo, "aaaa1111")
    plain = SeparatorFactory.create_separator("demucs", repo=repo, device="cpu").identity()
    shifted = SeparatorFactory.create_separator("demucs", repo=repo, device="cpu", shifts=1, seed=7)
    assert (plain.separator, plain.model, plain.engine) == ("demucs", "aaaa1111", "torch")
    assert plain.seed is None
    assert shifted.identity().seed == 7
    assert len(plain.weights_digest) == 64
