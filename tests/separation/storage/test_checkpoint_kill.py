"""A separation that is killed goes on where it was, and nobody can tell from the stems."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from separation.protocol.jobspec import JobSpec, StageRate
from tests.separation.fakes import make_song, make_spec, separation_request
from tests.separation.interrupted import (
    ALWAYS,
    Outcome,
    attempt,
    elsewhere,
    kill_at,
    left_behind,
)
from tests.separation.small_models import noise, save_bag, save_song, save_th, small_htdemucs

RATE_HZ = 44_100
SEPARATION_IS_ALL = {
    name: StageRate(seconds_per_second=seconds)
    for name, seconds in {"prepare": 0.1, "separation": 1000.0, "export": 0.1}.items()
}


def uneven(tmp_path: Path, **options: Any) -> JobSpec:
    """A song with four seconds of sound, one of silence in their middle, and an odd end."""
    samples = noise(4 * RATE_HZ + 1_234)
    samples[:, 2 * RATE_HZ : 3 * RATE_HZ] = 0.0
    song = save_song(tmp_path / "song.wav", samples)
    return make_spec(tmp_path, separation_request(separator="uneven", **options), song=song)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The song of :func:`uneven` as it comes from an attempt that nothing disturbs."""
    return attempt(uneven(tmp_path_factory.mktemp("undisturbed")))


def assert_continued(resumed: Outcome, whole: Outcome) -> None:
    assert resumed.stems == whole.stems
    assert 0 < resumed.windows < whole.windows
    assert resumed.details["resumed_at_s"] > 0
    assert whole.details["resumed_at_s"] is None


@pytest.mark.parametrize(
    "options",
    [
        {"overlap": 0.0, "two_stems": "bass", "shifts": 1},
        {"overlap": 0.7, "stems": ["vocals"]},
        {"overlap": 0.25, "shifts": 3, "seed": 5},
    ],
    ids=str,
)
def test_a_killed_separation_ends_as_an_undisturbed_one(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    spec = uneven(tmp_path, **options)
    whole = attempt(elsewhere(spec))
    kill_at(spec, whole.windows // 2)
    assert_continued(attempt(spec), whole)
    assert left_behind(spec) == []


def test_each_of_several_kills_costs_only_what_was_not_finished(tmp_path: Path) -> None:
    spec = uneven(tmp_path, overlap=0.5, shifts=2)
    whole = attempt(elsewhere(spec))
    for window in (whole.windows // 4, whole.windows // 4, 5):
        kill_at(spec, window)
    resumed = attempt(spec)
    assert_continued(resumed, whole)
    # Two quarters are done, less the windows in flight at each kill.
    assert resumed.windows < whole.windows * 0.65


def test_killed_early_it_goes_on_early(tmp_path: Path, whole: Outcome) -> None:
    spec = uneven(tmp_path)
    kill_at(spec, whole.windows // 10)
    assert_continued(attempt(spec), whole)


def test_killed_in_the_last_window_only_that_is_done_again(tmp_path: Path, whole: Outcome) -> None:
    spec = uneven(tmp_path)
    kill_at(spec, whole.windows)
    resumed = attempt(spec)
    assert_continued(resumed, whole)
    assert resumed.windows <= 6


def test_killed_before_the_first_checkpoint_it_starts_at_the_beginning(
    tmp_path: Path, whole: Outcome
) -> None:
    spec = uneven(tmp_path)
    kill_at(spec, 1)
    again = attempt(spec)
    assert again.stems == whole.stems and again.windows == whole.windows
    assert again.details["resumed_at_s"] is None


@pytest.mark.parametrize("told", [0.0, 65.0, 85.0])
def test_the_bar_goes_on_where_it_was(tmp_path: Path, whole: Outcome, told: float) -> None:
    """Also for a person who asked for it again, to whom no percent was told before."""
    spec = uneven(tmp_path).model_copy(update={"percent": told, "rates": SEPARATION_IS_ALL})
    kill_at(spec, whole.windows * 3 // 4)
    resumed = attempt(spec)
    assert_continued(resumed, whole)
    assert resumed.percents == tuple(sorted(resumed.percents))
    assert resumed.percents[0] >= told and resumed.percents[-1] > 65
    # Between what it tells while it copies and what comes then, it leaps over what was done.
    assert [percent for percent in resumed.percents if 20 < percent < 60] == []


def test_a_bag_of_small_htdemucs_goes_on_bit_for_bit(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    for seed, signature in enumerate(("aaaa1111", "bbbb2222")):
        save_th(small_htdemucs(seed), repo, signature)
    save_bag(repo, "mine", ["aaaa1111", "bbbb2222"], weights=[[1.0, 2, 0, 1], [1.0, 0, 1, 3]])
    song = save_song(tmp_path / "song.wav", noise(3 * RATE_HZ + 77))
    request = separation_request(
        separator="demucs", repo=str(repo), device="cpu", shifts=1, seed=3, segment_s=0.4
    )
    spec = make_spec(tmp_path, request, song=song)
    whole = attempt(elsewhere(spec))
    kill_at(spec, whole.windows * 2 // 3)
    assert_continued(attempt(spec), whole)


def test_openvino_goes_on_bit_for_bit(tmp_path: Path) -> None:
    settings = replace(ALWAYS, engine="openvino", cache_dir=tmp_path / "cache")
    repo = tmp_path / "repo"
    repo.mkdir()
    save_th(small_htdemucs(), repo, "aaaa1111")
    song = save_song(tmp_path / "song.wav", noise(3 * RATE_HZ + 77))
    request = separation_request(
        separator="demucs", model="aaaa1111", repo=str(repo), device="cpu", shifts=1, seed=3
    )
    spec = make_spec(tmp_path, request, song=song)
    whole = attempt(elsewhere(spec), settings)
    assert whole.details["engine"] == "openvino"
    kill_at(spec, whole.windows * 2 // 3, settings)
    assert_continued(attempt(spec, settings), whole)


def test_the_spectral_masks_go_on_bit_for_bit(tmp_path: Path) -> None:
    song = make_song(tmp_path / "song.wav", 45.0)
    spec = make_spec(tmp_path, separation_request(separator="spectral"), song=song)
    whole = attempt(elsewhere(spec))
    assert whole.windows == 3
    # In the third block: the second runs again for what it fades into the third.
    kill_at(spec, 3)
    resumed = attempt(spec)
    assert resumed.stems == whole.stems and resumed.windows == 2
    assert resumed.details["resumed_at_s"] == pytest.approx(40, abs=0.1)


def test_the_undisturbed_stems_are_not_all_alike(whole: Outcome) -> None:
    sound = {name: np.frombuffer(data[104:], "<f4") for name, data in whole.stems.items()}
    assert len(sound) == 3
    assert all(np.abs(stem).max() > 0.01 for stem in sound.values())
    assert len(set(whole.stems.values())) == 3
