"""Several separators, one set of stems."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from separation.audio.blocks import BlockReader, FloatArray, StemWriters
from separation.audio.spectral_stream import Grid, spectra_of
from separation.base import SeparatorIdentity, SeparatorModel, SeparatorOptions, Validation
from separation.ensemble import Ensemble, EnsembleMember, parse_ensemble
from separation.errors import Cancelled, InvalidOptions
from separation.progress import Report, ignore_progress
from separation.registry import SeparatorFactory
from separation.separators.ensemble import EnsembleSeparator
from separation.separators.neural.stems import choose_stems
from separation.storage.checkpoints import Checkpoints
from tests.separation.fakes import make_samples, make_song

SECONDS = 0.5
FRAMES = round(SECONDS * 44_100)


class Scaling(SeparatorModel):
    """Each stem is the song times a gain; ``model`` names the gains. It counts who is loaded."""

    name: ClassVar[str] = "scaling"
    GAINS: ClassVar[dict[str, dict[str, float]]] = {
        "halves": {"drums": 0.5, "vocals": 0.5},
        "mostly": {"vocals": 0.75, "drums": 0.25},
        "greedy": {"drums": 0.9, "vocals": 0.9},
        "six": {"drums": 0.5, "vocals": 0.25, "guitar": 0.125},
        "fourth": {"drums": 0.25, "vocals": 0.75},
    }
    loaded: ClassVar[set[int]] = set()
    most_loaded: ClassVar[int] = 0
    runs: ClassVar[list[str]] = []

    def separate(
        self, input_path: Path, output_dir: Path, *, report: Report = ignore_progress
    ) -> dict[str, Path]:
        self.load()
        self.runs.append(str(self.options.model))
        stems = self.get_supported_tracks()
        with BlockReader(input_path) as song, StemWriters(output_dir, stems) as writers:
            for block in song.blocks(10_000):
                writers.write({stem: self._gain(stem) * block for stem in stems})
                report(writers.frames / song.frames)
            return writers.paths

    def _gain(self, stem: str) -> np.float32:
        gains = self.GAINS[str(self.options.model)]
        if stem.startswith("no_"):
            return np.float32(sum(gains.values()) - gains[stem.removeprefix("no_")])
        return np.float32(gains[stem])

    def load(self, *, report: Report = ignore_progress) -> None:
        self.loaded.add(id(self))
        type(self).most_loaded = max(self.most_loaded, len(self.loaded))

    def close(self) -> None:
        self.loaded.discard(id(self))

    def validate(self) -> Validation:
        return Validation(self.options.model != "greedy", "it is too greedy.")

    def get_supported_tracks(self) -> list[str]:
        known = tuple(self.GAINS[str(self.options.model)])
        return list(choose_stems(known, self.options).outputs)

    def identity(self) -> SeparatorIdentity:
        self.load()
        model = str(self.options.model)
        return SeparatorIdentity(
            "scaling", model, "1", f"digest of {model}", notes=(f"{model} ran.",)
        )


@pytest.fixture(autouse=True)
def _scaling() -> Any:
    SeparatorFactory.register_separator("scaling", Scaling)
    Scaling.loaded, Scaling.most_loaded, Scaling.runs = set(), 0, []
    yield
    SeparatorFactory.unregister_separator("scaling")


def ensemble(*models: str, weights: Any = None, **fields: Any) -> Ensemble:
    members = [
        {"separator": "scaling", "model": model, "weights": (weights or {}).get(model)}
        for model in models
    ]
    parsed = parse_ensemble({"members": members, **fields})
    assert parsed is not None
    return parsed


def build(described: Ensemble, **options: Any) -> EnsembleSeparator:
    return EnsembleSeparator(SeparatorOptions(ensemble=described, **options))


def read(path: Path) -> FloatArray:
    with BlockReader(path) as reader:
        return reader.read(0, reader.frames)


def stems_of(
    tmp_path: Path, described: Ensemble, *, report: Report = ignore_progress, **options: Any
) -> dict[str, FloatArray]:
    song = make_song(tmp_path / "song.wav", SECONDS)
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    paths = build(described, **options).separate(song, out, report=report)
    assert [path.name for path in sorted(out.iterdir())] == sorted(
        f"{stem}.wav" for stem in paths
    ), "nothing of the members is left"
    return {stem: read(path) for stem, path in paths.items()}


def test_a_mean_weighs_each_stem_as_it_was_told(tmp_path: Path) -> None:
    weights = {"halves": {"vocals": 3.0}, "mostly": {"vocals": 1.0}}
    found = stems_of(tmp_path, ensemble("halves", "mostly", weights=weights, consistent=False))
    song = make_samples(SECONDS)
    assert np.allclose(found["vocals"], (3 * 0.5 + 0.75) / 4 * song, atol=1e-6)
    assert np.allclose(found["drums"], (0.5 + 0.25) / 2 * song, atol=1e-6)


def test_by_default_the_stems_of_a_mean_sum_to_the_song(tmp_path: Path) -> None:
    weights = {"halves": {"vocals": 3.0}}
    found = stems_of(tmp_path, ensemble("halves", "mostly", weights=weights))
    assert np.allclose(found["vocals"] + found["drums"], make_samples(SECONDS), atol=1e-6)
    # What was missing, 1 - (0.5625 + 0.375), is shared out evenly.
    assert np.allclose(found["vocals"], (0.5625 + 0.03125) * make_samples(SECONDS), atol=1e-6)


@pytest.mark.parametrize(("how", "vocals"), [("min", 0.5), ("max", 0.75)])
def test_a_spectrum_takes_the_smallest_or_largest_of_each_bin(
    tmp_path: Path, how: str, vocals: float
) -> None:
    found = stems_of(tmp_path, ensemble("halves", "mostly", combine=how))
    assert np.allclose(found["vocals"], vocals * make_samples(SECONDS), atol=1e-5)


def test_bins_are_chosen_one_by_one_with_their_phase(tmp_path: Path) -> None:
    from separation.audio.combining import combine

    time = np.arange(FRAMES) / 44_100
    low, high = (np.sin(2 * np.pi * hz * time) for hz in (300.0, 3000.0))
    files = {}
    for name, samples in {"a": low + 0.1 * high, "b": 0.1 * low - high}.items():
        with StemWriters(tmp_path, [name]) as writers:
            writers.write({name: np.stack([samples, samples]).astype(np.float32)})
        files[tmp_path / f"{name}.wav"] = 1.0
    inner = slice(5_000, -5_000)
    for how, wanted in (("max", low - high), ("min", 0.1 * low + 0.1 * high)):
        combine(files, tmp_path / f"{how}.wav", how, ignore_progress)  # type: ignore[arg-type]
        made = read(tmp_path / f"{how}.wav")
        assert made.shape == (2, FRAMES)
        assert np.allclose(made[0, inner], wanted[inner], atol=0.02)


def test_what_is_not_changed_in_the_spectrum_comes_back(tmp_path: Path) -> None:
    from separation.audio.spectral_stream import through_spectra

    for seconds in (1 / 44_100, 0.03, SECONDS):
        song = make_song(tmp_path / f"{seconds}.wav", seconds)
        with BlockReader(song) as reader, StemWriters(tmp_path, ["same"]) as writers:
            sink = next(iter(writers._writers.values()))
            through_spectra([reader], sink, lambda spectra: spectra[0], size=4096, channels=2)
        assert np.allclose(read(tmp_path / "same.wav"), read(song), atol=1e-6)
    assert spectra_of(np.zeros((2, 4096), np.float32), Grid(4096, 1)).shape == (1, 2, 2049)


def test_a_member_of_weight_0_is_not_heard(tmp_path: Path) -> None:
    weights = {"halves": 0, "mostly": 1}
    found = stems_of(tmp_path, ensemble("halves", "mostly", weights=weights, combine="max"))
    assert np.allclose(found["drums"], 0.25 * make_samples(SECONDS), atol=1e-5)


def test_two_stems_are_those_of_all_members_and_sum_to_the_song(tmp_path: Path) -> None:
    found = stems_of(tmp_path, ensemble("halves", "mostly"), two_stems="vocals")
    assert list(found) == ["vocals", "no_vocals"]
    assert np.allclose(sum(found.values()), make_samples(SECONDS), atol=1e-6)


def test_some_stems_are_left_as_they_are_combined(tmp_path: Path) -> None:
    found = stems_of(tmp_path, ensemble("halves", "mostly"), stems=("vocals",))
    assert list(found) == ["vocals"]
    assert np.allclose(found["vocals"], 0.625 * make_samples(SECONDS), atol=1e-6)


def test_members_with_different_stems_are_refused_unless_the_common_ones_are_wanted(
    tmp_path: Path,
) -> None:
    with pytest.raises(InvalidOptions, match=r"scaling six: drums, vocals, guitar.*common"):
        build(ensemble("six", "halves")).get_supported_tracks()
    found = stems_of(tmp_path, ensemble("six", "halves", stems="common"))
    assert list(found) == ["drums", "vocals", "rest"]
    assert np.allclose(sum(found.values()), make_samples(SECONDS), atol=1e-6)
    assert np.allclose(found["vocals"], 0.375 * make_samples(SECONDS), atol=1e-6)


def test_a_weight_for_a_stem_that_nobody_gives_is_refused() -> None:
    with pytest.raises(InvalidOptions, match=r"weighs the stem 'flute'.*drums, vocals"):
        build(ensemble("halves", "mostly", weights={"halves": {"flute": 2}})).get_supported_tracks()


def test_a_member_that_cannot_run_is_named_with_its_reason() -> None:
    usable = build(ensemble("halves", "greedy")).validate()
    assert not usable
    assert usable.reason == (
        "The member scaling greedy of the ensemble cannot run: it is too greedy."
    )


def test_members_are_loaded_one_at_a_time(tmp_path: Path) -> None:
    song = make_song(tmp_path / "song.wav", SECONDS)
    separator = build(ensemble("halves", "mostly", "fourth"))
    separator.load()
    separator.identity()
    separator.separate(song, tmp_path)
    assert Scaling.most_loaded == 1
    assert not Scaling.loaded
    assert Scaling.runs == ["halves", "mostly", "fourth"]


def test_the_identity_lists_every_member_and_changes_with_each() -> None:
    plain = build(ensemble("halves", "mostly")).identity()
    assert plain.model == "halves + mostly"
    assert [(each.model, each.weights_digest) for each in plain.members] == [
        ("halves", "digest of halves"),
        ("mostly", "digest of mostly"),
    ]
    assert plain.notes == ("halves: halves ran.", "mostly: mostly ran.")
    others = [
        ensemble("mostly", "halves"),
        ensemble("halves", "fourth"),
        ensemble("halves", "mostly", weights={"mostly": 2}),
        ensemble("halves", "mostly", combine="max"),
        ensemble("halves", "mostly", consistent=False),
    ]
    digests = {build(each).identity().weights_digest for each in others}
    assert len({*digests, plain.weights_digest}) == len(others) + 1


def test_progress_grows_from_member_to_member_and_a_cancel_stops_it(tmp_path: Path) -> None:
    told: list[float] = []
    stems_of(
        tmp_path,
        ensemble("halves", "mostly"),
        report=lambda fraction, message="": told.append(fraction),
    )
    assert told == sorted(told)
    assert any(0.4 < fraction <= 0.475 for fraction in told), "half of it is the first member's"
    assert told[-1] == 1.0

    def stop(fraction: float, message: str = "") -> None:
        if fraction > 0.6:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        stems_of(tmp_path, ensemble("halves", "mostly"), report=stop)


def test_a_finished_member_is_kept_by_the_next_attempt(tmp_path: Path) -> None:
    song = make_song(tmp_path / "song.wav", SECONDS)
    described = ensemble("halves", "mostly")
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()

    def die(fraction: float, message: str = "") -> None:
        if fraction > 0.7:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        build(described).separate(
            song, first, report=die, checkpoints=Checkpoints(first, key="k", every_s=1e-9)
        )
    assert Scaling.runs == ["halves", "mostly"]
    again = going_on(first, second)
    paths = build(described).separate(song, second, checkpoints=again)
    assert Scaling.runs == ["halves", "mostly", "mostly"]
    assert np.allclose(read(paths["vocals"]), 0.625 * make_samples(SECONDS), atol=1e-6)
    assert again.mean_resumed_frames == FRAMES // 2
    again.forget()
    assert not first.exists()
    assert sorted(path.name for path in second.iterdir()) == ["drums.wav", "vocals.wav"]


@pytest.mark.parametrize("damage", [lambda data: data[:-8], lambda data: data[:-4] + b"\1\2\3\4"])
def test_a_finished_member_that_was_damaged_is_done_again(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    song = make_song(tmp_path / "song.wav", SECONDS)
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()

    def die(fraction: float, message: str = "") -> None:
        if fraction > 0.7:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        build(ensemble("halves", "mostly")).separate(
            song, first, report=die, checkpoints=Checkpoints(first, key="k", every_s=1e-9)
        )
    file = first / "member-0" / "vocals.wav"
    file.write_bytes(damage(file.read_bytes()))
    paths = build(ensemble("halves", "mostly")).separate(
        song, second, checkpoints=going_on(first, second)
    )
    assert Scaling.runs == ["halves", "mostly", "halves", "mostly"]
    assert np.allclose(read(paths["vocals"]), 0.625 * make_samples(SECONDS), atol=1e-6)


def going_on(first: Path, second: Path) -> Checkpoints:
    from separation.storage.checkpoints import find_earlier

    return Checkpoints(second, key="k", every_s=1e-9, earlier=find_earlier([first], "k"))


def test_by_name_it_is_one_of_the_registry() -> None:
    separator = SeparatorFactory.create_separator("ensemble", model="htdemucs_spectral")
    assert isinstance(separator, EnsembleSeparator)
    assert separator.member_count == 2
    for options in ({}, {"model": "nobody"}):
        with pytest.raises(InvalidOptions, match="ensemble"):
            SeparatorFactory.create_separator("ensemble", **options)


def test_a_real_separator_twice_is_that_separator(tmp_path: Path) -> None:
    song = make_song(tmp_path / "song.wav", SECONDS)
    twice = Ensemble((EnsembleMember("spectral"), EnsembleMember("spectral")))
    paths = build(twice).separate(song, tmp_path)
    once = tmp_path / "once"
    once.mkdir()
    alone = SeparatorFactory.create_separator("spectral").separate(song, once)
    for stem, path in alone.items():
        assert np.allclose(read(paths[stem]), read(path), atol=1e-6)
