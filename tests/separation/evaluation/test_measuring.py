"""One separated song against its true stems, from files."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from separation.evaluation.figures import chosen_figures
from separation.evaluation.measuring import StemResult, measure
from separation.evaluation.targets import Target, targets
from tests.separation.evaluation.songs import Floats, loaded, save, stems
from tests.separation.evaluation.test_bss_eval import by_museval, in_the_middle

FIGURES = chosen_figures(["sdr", "si_sdr", "bss_sdr"])


def measured(
    folder: Path,
    truth: Mapping[str, Floats],
    separated: Mapping[str, Floats],
    *,
    metrics: tuple[str, ...] = ("sdr", "si_sdr", "bss_sdr"),
    compared: tuple[Target, ...] | None = None,
) -> dict[str, StemResult]:
    song = loaded(folder / "suite", truth)
    files = {name: save(folder / "out" / f"{name}.wav", s) for name, s in separated.items()}
    wanted = compared or targets(list(separated), truth, truth)
    results = measure(song, files, wanted, chosen_figures(metrics))
    return {result.stem: result for result in results}


def sdr_db(truth: Floats, estimate: Floats) -> float:
    return float(10 * np.log10(np.sum(truth**2) / np.sum((truth - estimate) ** 2)))


def test_three_estimates_are_compared_with_each_true_stem(tmp_path: Path) -> None:
    truth = stems(1.3)
    mixture = np.sum(list(truth.values()), axis=0)
    separated = {name: sound + 0.1 * mixture for name, sound in truth.items()}

    found = measured(tmp_path, truth, separated)

    assert list(found) == ["vocals", "drums"]
    for name, result in found.items():
        told = (result.separated["sdr"], result.nothing["sdr"])
        wanted = (sdr_db(truth[name], separated[name]), sdr_db(truth[name], mixture))
        # Files are float32.
        assert told == pytest.approx(wanted, abs=1e-4)
        assert result.gain("sdr") == pytest.approx(wanted[0] - wanted[1], abs=1e-4)
        ideal, nothing = result.ideal["sdr"], result.nothing["sdr"]
        assert ideal is not None and nothing is not None and ideal > nothing + 1
        assert set(result.separated) == {"sdr", "si_sdr", "bss_sdr"}


def test_bss_eval_from_files_is_musevals_for_the_separator_and_for_doing_nothing(
    tmp_path: Path,
) -> None:
    truth = stems(2.2)
    mixture = np.sum(list(truth.values()), axis=0)
    separated = {name: sound + 0.2 * np.roll(mixture, 30) for name, sound in truth.items()}

    found = measured(tmp_path, truth, separated, metrics=("bss_eval",))

    true = np.stack([t.astype(np.float32) for t in truth.values()]).astype(float)
    ours = np.stack([s.astype(np.float32) for s in separated.values()]).astype(float)
    nothing = np.stack([mixture.astype(np.float32)] * 2).astype(float)
    # The mixture is all artefact-free: what remains of SAR there is rounding.
    for told, estimate, keys in (
        ("separated", ours, ("sdr", "isr", "sir", "sar")),
        ("nothing", nothing, ("sdr", "isr", "sir")),
    ):
        wanted = by_museval(true, estimate)
        for key in keys:
            figures = [getattr(result, told)[f"bss_{key}"] for result in found.values()]
            np.testing.assert_allclose(figures, in_the_middle(wanted[key]), atol=1e-6, rtol=0)


def test_a_silent_true_stem_has_no_figures_and_does_not_void_the_others(tmp_path: Path) -> None:
    truth = {**stems(1.2), "bass": np.zeros((2, 52_920))}
    found = measured(tmp_path, truth, {name: 0.9 * sound for name, sound in truth.items()})

    assert found["bass"].is_silent
    assert set(found["bass"].separated.values()) == {None}
    assert found["bass"].gain("sdr") is None
    assert found["drums"].separated["sdr"] == pytest.approx(20.0, abs=1e-3)
    assert found["drums"].separated["bss_sdr"] == pytest.approx(20.0, abs=1e-3)


def test_a_song_of_silent_stems_has_no_figures_at_all(tmp_path: Path) -> None:
    silence = {"vocals": np.zeros((2, 9_000)), "drums": np.zeros((2, 9_000))}
    found = measured(tmp_path, silence, silence)
    assert all(result.is_silent for result in found.values())


def test_a_silent_estimate_is_undefined_where_its_level_counts(tmp_path: Path) -> None:
    truth = stems(1.2)
    found = measured(tmp_path, truth, {**truth, "vocals": np.zeros((2, 52_920))})

    assert found["vocals"].separated["sdr"] == pytest.approx(0.0, abs=1e-6)
    assert found["vocals"].separated["si_sdr"] is None
    # A frame in which an estimate is silent counts for no stem: museval's rule.
    assert found["drums"].separated["bss_sdr"] is None
    assert found["drums"].nothing["bss_sdr"] is not None


def test_sums_of_stems_are_compared(tmp_path: Path) -> None:
    truth = stems(1.1, names=("vocals", "drums", "bass"))
    without = truth["drums"] + truth["bass"]
    separated = {"vocals": truth["vocals"], "no_vocals": 0.9 * without}

    found = measured(tmp_path, truth, separated)

    assert found["accompaniment"].separated["sdr"] == pytest.approx(20.0, abs=1e-3)


def test_progress_goes_from_the_beginning_to_the_end(tmp_path: Path) -> None:
    truth = stems(5.0, names=("vocals",))
    song = loaded(tmp_path, truth)
    heard: list[float] = []
    compared = targets(["vocals"], truth, truth)
    measure(song, song.stems, compared, FIGURES, report=lambda share, _="": heard.append(share))
    assert heard == sorted(heard) and heard[-1] == 1.0 and len(heard) > 1
