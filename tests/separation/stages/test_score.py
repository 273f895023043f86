"""The stage that compares stems with true ones."""

from pathlib import Path

import numpy as np
import pytest

from separation.audio.blocks import FloatArray
from separation.demo.song import stems
from separation.errors import InvalidOptions
from separation.request.separation_request import SeparationRequest, parse_request
from separation.stages.registry import check_pipeline
from separation.stages.score import ScoreParams, ScoreStage
from tests.separation.stages.stage_world import make_context, run, sound


@pytest.fixture(scope="module")
def truth() -> dict[str, FloatArray]:
    return stems()


def _mixture(truth: dict[str, FloatArray]) -> FloatArray:
    return np.sum(list(truth.values()), axis=0, dtype=np.float32)


def test_an_error_of_a_tenth_is_20_db_and_the_mixture_itself_scores_low(
    tmp_path: Path, truth: dict[str, FloatArray]
) -> None:
    separated = {name: stem * np.float32(0.9) for name, stem in truth.items()}
    result, _ = run(ScoreStage(ScoreParams()), make_context(tmp_path, _mixture(truth), separated))
    assert result.details["sdr_db"] == pytest.approx(dict.fromkeys(truth, 20.0), abs=0.01)
    rest = np.sum((_mixture(truth) - truth["bass"]).astype(float) ** 2)
    expected = 10 * np.log10(np.sum(truth["bass"].astype(float) ** 2) / rest)
    assert result.details["mixture_sdr_db"]["bass"] == pytest.approx(expected, abs=0.01)
    assert result.warnings == ()


def test_only_stems_that_are_there_are_compared(
    tmp_path: Path, truth: dict[str, FloatArray]
) -> None:
    context = make_context(tmp_path, _mixture(truth), {"vocals": truth["vocals"]})
    result, _ = run(ScoreStage(ScoreParams()), context)
    assert list(result.details["sdr_db"]) == ["vocals"]
    assert result.details["sdr_db"]["vocals"] > 100


def test_another_song_gets_no_score_and_says_so(tmp_path: Path) -> None:
    song = sound(1)
    result, _ = run(ScoreStage(ScoreParams()), make_context(tmp_path, song, {"drums": song}))
    assert result.details == {}
    assert "not known" in result.warnings[0]


def test_a_request_puts_it_after_the_stems_and_before_the_export() -> None:
    pipeline = SeparationRequest(separator="spectral", score="demo").to_pipeline()
    assert [stage.name for stage in check_pipeline(pipeline)][-2:] == ["score", "export"]


def test_it_is_refused_without_stems() -> None:
    with pytest.raises(InvalidOptions, match="needs the stage 'separation'"):
        parse_request({"score": "demo", "stages": ("harmonic_percussive",)})
