"""Each option is said once: ranges, values, defaults and words come from its row."""

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from separation.base import SeparatorOptions
from separation.errors import InvalidOptions
from separation.formats import OUTPUT_FORMATS
from separation.mixdown.request import MixRequest
from separation.option_document import render, with_table
from separation.option_row import Bounds
from separation.options import DENOISE_STRENGTH, FORMAT, MP3_BITRATE_KBPS, OPTIONS
from separation.protocol.jobspec import StageRequest
from separation.request.separation_request import SeparationRequest, parse_request
from separation.request.splits import DenoiseRequest, SplitRequest
from separation.separator_options import parse_options
from separation.stages.registry import build_stage

API_PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"
NUMBERS = {name: row.range for name, row in OPTIONS.items() if row.is_number}
CHOICES = [name for name, row in OPTIONS.items() if row.kind == "choice"]
OF_SEPARATORS = ["shifts", "overlap", "segment_s", "seed"]


def literals(annotation: Any) -> set[Any]:
    """The values of a ``Literal``, also of one that may be None or is made of others."""
    parts = get_args(annotation)
    found: set[Any] = set()
    for part in parts:
        found |= literals(part) if get_args(part) else {part}
    return found - {type(None)}


def limits(field: FieldInfo) -> list[float]:
    """What pydantic checks, of a number as of one that may be None."""
    kinds = [field, *(part for part in get_args(field.annotation) if get_args(part))]
    said = [each for kind in kinds for each in getattr(kind, "metadata", ())]
    said += [
        each for kind in kinds for one in getattr(kind, "__metadata__", ()) for each in one.metadata
    ]
    lows: list[Any] = [each.ge for each in said if isinstance(each, Ge)]
    highs: list[Any] = [each.le for each in said if isinstance(each, Le)]
    return [*lows, *highs]


def test_every_field_of_a_request_has_a_row_with_its_default() -> None:
    defaults = {name: field.default for name, field in SeparationRequest.model_fields.items()}
    assert defaults == {name: row.default for name, row in OPTIONS.items()}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_row_says_all_that_its_kind_needs(name: str) -> None:
    row = OPTIONS[name]
    assert row.name == name
    assert row.label and row.sentence.endswith(".")
    assert bool(row.values) == (row.kind == "choice")
    assert bool(row.syntax) == (row.kind in ("text", "words", "notation"))
    assert not isinstance(row.default, bool) or row.kind == "flag"


def test_every_field_with_limits_has_those_of_its_row() -> None:
    limited = {name: limits(field) for name, field in SeparationRequest.model_fields.items()}
    assert {name: Bounds(*said) for name, said in limited.items() if said} == NUMBERS


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_has_a_label_for_each_of_its_values(name: str) -> None:
    row = OPTIONS[name]
    assert set(row.values) == literals(SeparationRequest.model_fields[name].annotation)
    assert all(row.values.values())
    for value in row.values:
        stages = {"stages": ("separation",)}
        assert getattr(parse_request({name: value, **stages}), name) == value
    with pytest.raises(InvalidOptions, match=name):
        parse_request({name: "something else"})


def test_the_formats_are_those_that_can_be_written() -> None:
    assert tuple(FORMAT.values) == OUTPUT_FORMATS


@pytest.mark.parametrize("name", NUMBERS)
def test_a_request_takes_what_lies_in_the_range_and_nothing_else(name: str) -> None:
    low, high = NUMBERS[name]
    for fits in (low, high):
        assert getattr(parse_request({name: fits}), name) == fits
    for wrong in (low - 1, high + 1, "nan"):
        with pytest.raises(InvalidOptions, match=name):
            parse_request({name: wrong})


def split_with(name: str, value: float) -> SplitRequest:
    return SplitRequest.model_validate({"stem": "drums", name: value})


@pytest.mark.parametrize("name", OF_SEPARATORS)
def test_a_separator_and_a_split_take_the_same(name: str) -> None:
    low, high = NUMBERS[name]
    for fits in (low, high):
        assert getattr(parse_options(**{name: fits}), name) == fits
        assert getattr(split_with(name, fits), name) == fits
    for wrong in (low - 1, high + 1):
        with pytest.raises(InvalidOptions, match=name):
            parse_options(**{name: wrong})
        with pytest.raises(ValueError, match=name):
            split_with(name, wrong)
    assert getattr(SeparatorOptions(), name) == OPTIONS[name].default
    assert getattr(SplitRequest(stem="drums"), name) == OPTIONS[name].default


@pytest.mark.parametrize("stage", ["separation", "normalization", "export", "prepare"])
def test_a_stage_takes_whatever_a_request_takes(stage: str) -> None:
    """Else a choice would be refused only when the song has arrived."""
    for take in (min, max):
        choices: dict[str, Any] = {name: take(bounds) for name, bounds in NUMBERS.items()}
        asked = {each.name: each for each in parse_request(choices).to_pipeline()}
        built = build_stage(StageRequest(name=stage, params=asked[stage].params))
        assert built.params.model_dump(mode="json").items() >= asked[stage].params.items()


@pytest.mark.parametrize("stage", ["separation", "normalization", "export"])
def test_a_stage_alone_does_what_a_request_without_choices_asks(stage: str) -> None:
    asked = {each.name: each.params for each in SeparationRequest(preview=False).to_pipeline()}
    alone = build_stage(StageRequest(name=stage)).params.model_dump(mode="json")
    assert {name: alone[name] for name in asked[stage]} == asked[stage]


def test_a_mix_takes_the_bit_rates_and_the_format_of_a_job() -> None:
    for rate in map(int, MP3_BITRATE_KBPS.range):
        assert MixRequest(karaoke="quiet", mp3_bitrate_kbps=rate).mp3_bitrate_kbps == rate
    usual = MixRequest(karaoke="quiet")
    assert (usual.format, usual.mp3_bitrate_kbps) == (FORMAT.default, MP3_BITRATE_KBPS.default)


def test_less_noise_takes_the_strengths_of_its_row() -> None:
    low, high = DENOISE_STRENGTH.range
    assert DenoiseRequest(stem="vocals").strength == DENOISE_STRENGTH.default
    for fits in (low, high):
        assert DenoiseRequest(stem="vocals", strength=fits).strength == fits
    for wrong in (low - 0.1, high + 0.1, float("nan")):
        with pytest.raises(ValueError, match="strength"):
            DenoiseRequest(stem="vocals", strength=wrong)


def test_the_page_of_the_api_has_the_table_of_today() -> None:
    page = API_PAGE.read_text(encoding="utf-8")
    assert render() in page, "run: make docs/api.md"
    assert with_table(page) == page
    assert with_table(page.replace("0 to 0.95", "0 to 0.5")) == page


def test_reading_the_options_imports_no_library() -> None:
    """The process that decodes starts for each song."""
    code = "import sys, separation.base; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "torch", "pydantic"} & set(told.stdout.split())
