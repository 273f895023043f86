"""How the costs of stages compare, before and after something was measured."""

from typing import Any

import pytest

from separation.request.cost import (
    DEFAULT_RATES,
    NETWORK_RATE,
    WITHOUT_SHIFTS,
    Stages,
    default_rate,
    passes,
    weight,
)
from separation.request.separation_request import SeparationRequest, parse_request
from separation.stage_table import STAGES


def pipeline(**choices: Any) -> Stages:
    request = parse_request({"separator": "spectral", **choices})
    return [(stage.name, stage.params) for stage in request.to_pipeline()]


def test_the_pipeline_of_all_stages_has_the_weight_one_everywhere() -> None:
    everything = pipeline()
    assert {weight(name, everything) for name, _ in everything} == {1.0}


@pytest.mark.parametrize(
    ("choices", "stage", "tracks", "usual"),
    [
        # Four stems and the residual, of 22.
        ({"stages": ["separation"]}, "export", 5, 22),
        ({"stages": ["separation"], "stems": ["vocals"]}, "export", 2, 22),
        ({"stages": ["separation"], "two_stems": "vocals"}, "export", 3, 22),
        ({"stages": ["separation"], "ni_stems": True}, "export", 10, 22),
        ({"stages": ["separation"], "two_stems": "vocals"}, "listening", 2, 4),
        ({"stages": ["separation"], "two_stems": "vocals"}, "quality", 2, 4),
        ({"stages": ["separation", "composite"], "minus": True}, "export", 13, 22),
        ({"stages": ["separation", "normalization"]}, "normalization", 5, 11),
        ({"stages": ["separation", "normalization"]}, "export", 10, 22),
        ({"stages": ["harmonic_percussive"]}, "export", 2, 22),
        ({"denoise": [{"stem": "vocals"}, {"stem": "drums"}]}, "denoise", 2, 1),
        (
            {"stages": ["separation"], "details": [{"stem": "drums", "separator": "spectral"}]},
            "export",
            10,
            22,
        ),
        ({"stages": ["separation"]}, "prepare", 1, 1),
    ],
)
def test_a_stage_weighs_as_many_tracks_as_it_has_to_do_with(
    choices: dict[str, Any], stage: str, tracks: int, usual: int
) -> None:
    assert weight(stage, pipeline(**choices)) == pytest.approx(tracks / usual)


def test_no_stage_costs_nothing() -> None:
    alone: Stages = [("prepare", {}), ("export", {})]
    assert weight("export", alone) > 0
    for name in STAGES:
        assert weight(name, alone) > 0


def test_a_model_has_the_stems_of_its_row() -> None:
    six = pipeline(separator="demucs", model="htdemucs_6s", stages=["separation"])
    assert weight("listening", six) == pytest.approx(6 / 4)


def test_separators_are_added_up() -> None:
    members = {"members": [{"separator": "spectral"}, {"separator": "demucs", "model": "htdemucs"}]}
    both = pipeline(separator="ensemble", ensemble=members, stages=["separation"])
    assert default_rate("separation", both) == pytest.approx(
        DEFAULT_RATES["spectral"] + NETWORK_RATE
    )


@pytest.mark.parametrize("model", WITHOUT_SHIFTS)
def test_shifts_cost_nothing_where_a_model_makes_none(model: str) -> None:
    assert passes(model, {"shifts": 5}) == 1.0
    assert passes("htdemucs", {"shifts": 5}) == 5.0
    assert passes("htdemucs", {}) == 1.0


def test_twice_the_windows_are_twice_the_work() -> None:
    usual, twice = pipeline(separator="demucs"), pipeline(separator="demucs", overlap=0.625)
    assert default_rate("separation", twice) == pytest.approx(2 * default_rate("separation", usual))


def test_the_usual_request_is_one_that_can_be_expected() -> None:
    stages = [(stage.name, stage.params) for stage in SeparationRequest().to_pipeline()]
    assert all(default_rate(name, stages) > 0 for name, _ in stages)
