"""Presets: names for choices that go together."""

from typing import Any

import pytest

from separation.errors import InvalidOptions, ModelUnavailable
from separation.request.presets import PRESETS, can_run, find_preset, resolve, with_preset
from separation.request.separation_request import SeparationRequest, parse_request
from separation.stage_table import OPTIONAL_STAGES

SITE = {"separator": "auto", "device": "cpu"}


def everything(separator: str, model: str) -> bool:
    return True


def nothing(separator: str, model: str) -> bool:
    return False


def asked(is_there: Any = everything, **choices: Any) -> SeparationRequest:
    return parse_request(with_preset(choices, SITE, is_there))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
@pytest.mark.parametrize("is_there", [everything, nothing])
def test_each_is_a_valid_request_that_knows_its_name(preset: Any, is_there: Any) -> None:
    if not can_run(preset, is_there):
        with pytest.raises(ModelUnavailable, match=preset.name):
            asked(is_there, preset=preset.name)
        return
    request = asked(is_there, preset=preset.name)
    assert request.preset == preset.name
    assert request.device == "cpu"
    assert "export" in [stage.name for stage in request.to_pipeline()]


def test_everything_is_every_stage_that_can_be_chosen() -> None:
    assert asked(preset="full").stages == OPTIONAL_STAGES


def test_what_is_said_outright_wins() -> None:
    request = asked(preset="preview", range_length_s=10.0, overlap=0.5, format="mp3")
    assert (request.range_length_s, request.overlap, request.format) == (10.0, 0.5, "mp3")
    assert request.stages == ("separation",)


def test_the_model_of_a_preset_gives_way_with_its_separator() -> None:
    assert asked(preset="best").model == "htdemucs_ft"
    request = asked(preset="best", separator="spectral")
    assert (request.separator, request.model, request.shifts) == ("spectral", None, 2)


def test_named_stems_take_the_place_of_those_of_the_preset() -> None:
    assert asked(preset="karaoke", stems=("drums",)).two_stems is None
    assert asked(preset="dj", two_stems="vocals").ni_stems is False


def test_a_model_that_is_not_there_is_named_and_the_site_s_own_takes_its_place() -> None:
    best = resolve(find_preset("best"), nothing)
    assert best.missing == "Hybrid Transformer Demucs, fine-tuned"
    assert asked(nothing, preset="best").separator == "auto"
    assert resolve(find_preset("best"), everything).missing is None
    assert resolve(find_preset("fast"), nothing).missing is None


def test_an_unknown_name_is_refused_with_those_that_there_are() -> None:
    for refuse in (lambda: asked(preset="loud"), lambda: parse_request({"preset": "loud"})):
        with pytest.raises(InvalidOptions, match=r"no preset 'loud'.*preview, fast, best"):
            refuse()


def test_the_file_for_djs_needs_all_stems() -> None:
    with pytest.raises(InvalidOptions, match="needs all stems"):
        parse_request({"ni_stems": True, "stems": ("vocals",)})
