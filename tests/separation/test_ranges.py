"""One definition of how far a number may go, wherever it is given."""

from typing import Any

import pytest

from separation.errors import InvalidOptions
from separation.mixdown.request import MixRequest
from separation.options import parse_options
from separation.protocol.jobspec import StageRequest
from separation.ranges import CHOSEN, bounds
from separation.request.separation_request import SeparationRequest, parse_request
from separation.request.splits import SplitRequest
from separation.stages.registry import build_stage


@pytest.mark.parametrize("name", CHOSEN)
def test_a_request_takes_what_lies_in_the_range_and_nothing_else(name: str) -> None:
    low, high = bounds(CHOSEN[name])
    for fits in (low, high):
        assert getattr(parse_request({name: fits}), name) == fits
    for wrong in (low - 1, high + 1, "nan"):
        with pytest.raises(InvalidOptions, match=name):
            parse_request({name: wrong})


@pytest.mark.parametrize("name", ["shifts", "overlap", "segment_s", "seed"])
def test_a_separator_and_a_split_take_the_same(name: str) -> None:
    low, high = bounds(CHOSEN[name])
    for fits in (low, high):
        choice: dict[str, Any] = {name: fits}
        assert getattr(parse_options(**choice), name) == fits
        assert getattr(SplitRequest(stem="drums", **choice), name) == fits
    for wrong in (low - 1, high + 1):
        choice = {name: wrong}
        with pytest.raises(InvalidOptions, match=name):
            parse_options(**choice)
        with pytest.raises(ValueError, match=name):
            SplitRequest(stem="drums", **choice)


@pytest.mark.parametrize("stage", ["separation", "normalization", "export", "prepare"])
def test_a_stage_takes_whatever_a_request_takes(stage: str) -> None:
    """Else a choice would be refused only when the song has arrived."""
    for take in (min, max):
        choices: dict[str, Any] = {name: take(bounds(kind)) for name, kind in CHOSEN.items()}
        asked = {each.name: each for each in parse_request(choices).to_pipeline()}
        built = build_stage(StageRequest(name=stage, params=asked[stage].params))
        assert built.params.model_dump(mode="json").items() >= asked[stage].params.items()


def test_every_number_that_is_chosen_is_among_them() -> None:
    numbers = {
        name
        for name, field in SeparationRequest.model_fields.items()
        if isinstance(field.default, int | float) and not isinstance(field.default, bool)
    }
    assert numbers - {"sample_rate_hz"} <= set(CHOSEN)


def test_a_mix_takes_the_bit_rates_of_a_job() -> None:
    for rate in map(int, bounds(CHOSEN["mp3_bitrate_kbps"])):
        assert MixRequest(karaoke="quiet", mp3_bitrate_kbps=rate).mp3_bitrate_kbps == rate
