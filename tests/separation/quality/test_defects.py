"""A stem that something was done to is found, and its neighbours are left in peace."""

from pathlib import Path

import numpy as np
import pytest

from separation.audio.blocks import FloatArray
from separation.quality.report import QualityReport
from separation.stages.quality import QualityParams, QualityStage
from tests.separation.quality.music import DEFECTS, RATE_HZ, Stems, delayed, make_stems, mix
from tests.separation.stages.stage_world import make_context, run

FOUND = {
    "clipped": "clipped",
    "empty": "empty",
    "nearly empty": "empty",
    "doubled": "too_loud",
    "halved": "too_quiet",
    "delayed": "late",
    "early": "early",
    "echoed": "too_loud",
    "inverted": "inverted",
    "whole mix": "whole_song",
    "whole mix, quieter": "whole_song",
    "another song": "not_in_the_song",
    "bleeding": "bleed",
}


@pytest.fixture(scope="module")
def stems() -> Stems:
    return make_stems()


def report_on(
    tmp_path: Path, song: FloatArray, separated: Stems, **separation_params: object
) -> QualityReport:
    context = make_context(tmp_path, song, separated, **separation_params)
    report = run(QualityStage(QualityParams()), context)[0].quality
    assert report is not None
    return report


def codes(report: QualityReport) -> dict[str, list[str]]:
    """Of the stems in which something was found."""
    return {s.name: [f.code for f in s.findings] for s in report.stems if s.findings}


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_true_stems_have_no_fault(tmp_path: Path, seed: int) -> None:
    stems = make_stems(seed)
    report = report_on(tmp_path, mix(stems), stems)
    assert codes(report) == {} and report.findings == ()
    assert report.verdict == "No fault found"
    assert {stem.verdict for stem in report.stems} == {"No fault found"}
    assert report.residual_db is None or report.residual_db < -120


@pytest.mark.parametrize("stem", ["bass", "vocals"])
@pytest.mark.parametrize("defect", FOUND)
def test_a_defect_is_found_where_it_is_and_nowhere_else(
    tmp_path: Path, stems: Stems, defect: str, stem: str
) -> None:
    song = mix(stems)
    broken = DEFECTS[defect](stems[stem], song).astype(np.float32)
    report = report_on(tmp_path, song, {**stems, stem: broken})
    assert list(codes(report)) == [stem], {s.name: s.reason for s in report.stems}
    assert FOUND[defect] in codes(report)[stem]
    assert report.verdict == "1 of 4 stems should be looked at"
    assert stem in report.reason.lower()


def test_of_two_stems_that_are_the_same_both_are_doubted(tmp_path: Path, stems: Stems) -> None:
    report = report_on(tmp_path, mix(stems), {**stems, "vocals": stems["other"]})
    assert codes(report) == {"other": ["same_sound"], "vocals": ["same_sound"]}


def test_two_defects_are_told_apart(tmp_path: Path, stems: Stems) -> None:
    late = delayed(stems["bass"], 1105)
    report = report_on(tmp_path, mix(stems), {**stems, "bass": late, "drums": 2 * stems["drums"]})
    assert codes(report) == {"bass": ["late"], "drums": ["too_loud"]}


def test_errors_as_networks_make_them_are_no_fault(tmp_path: Path, stems: Stems) -> None:
    """Each stem lacks a little at its own, and holds a little of the others (-20 dB) in noise."""
    song = mix(stems)
    random = np.random.default_rng(3)
    separated = {
        name: (0.95 * x + 0.05 * (song - x) + random.normal(0, 1e-3, x.shape)).astype(np.float32)
        for name, x in stems.items()
    }
    report = report_on(tmp_path, song, separated)
    assert codes(report) == {} and report.findings == ()


def test_some_of_the_stems_are_judged_without_the_rest(tmp_path: Path, stems: Stems) -> None:
    chosen = {"vocals": stems["vocals"], "drums": stems["drums"]}
    song = mix(stems)
    report = report_on(tmp_path / "right", song, chosen, stems=("vocals", "drums"))
    assert not report.complete and codes(report) == {} and report.findings == ()
    late = {**chosen, "vocals": delayed(stems["vocals"], 2000)}
    report = report_on(tmp_path / "late", song, late, stems=("vocals", "drums"))
    assert codes(report) == {"vocals": ["late"]}


def test_a_song_of_one_voice_is_not_called_a_copy_of_itself(tmp_path: Path, stems: Stems) -> None:
    alone = {name: x if name == "vocals" else 1e-5 * x for name, x in stems.items()}
    report = report_on(tmp_path, mix(alone), alone)
    assert codes(report) == {name: ["empty"] for name in ("drums", "bass", "other")}
    assert "may have no drums" in report.stems[0].reason
    assert "may have nothing else" in report.stems[2].reason


def test_what_the_stems_lack_of_the_song_is_told(tmp_path: Path, stems: Stems) -> None:
    song = mix(stems)
    half = {name: x.copy() for name, x in stems.items()}
    for samples in half.values():
        samples[:, song.shape[1] // 2 :] = 0
    report = report_on(tmp_path, song, half)
    assert [finding.code for finding in report.findings] == ["residual"]
    rest = np.square(song[:, song.shape[1] // 2 :], dtype=np.float64).sum()
    expected = 10 * np.log10(rest / np.square(song, dtype=np.float64).sum())
    assert report.residual_db == pytest.approx(expected, abs=0.02)


def test_a_silent_song_has_a_report_without_a_fault(tmp_path: Path) -> None:
    silence = np.zeros((2, RATE_HZ), dtype=np.float32)
    report = report_on(tmp_path, silence, {"vocals": silence, "drums": silence})
    assert codes(report) == {} and report.residual_db is None
    assert {stem.verdict for stem in report.stems} == {"Silent"}


@pytest.mark.parametrize("frames", [1, 2047, 2049, 65_537])
def test_a_song_of_any_length_has_a_report(tmp_path: Path, stems: Stems, frames: int) -> None:
    short = {name: x[:, RATE_HZ : RATE_HZ + frames] for name, x in stems.items()}
    report = report_on(tmp_path, mix(short), short)
    assert [stem.name for stem in report.stems] == list(stems)
    assert len(report.song.levels_db) == min(-(-frames // 2048), 120)
