"""Choices become a pipeline, or a sentence."""

from dataclasses import replace

import pytest

from separation.errors import InvalidOptions
from separation.request import separation_request
from separation.request.separation_request import SeparationRequest, parse_request, parse_stems
from separation.stage_table import QUALITY, STAGES


def test_the_default_is_the_specification_s_pipeline_and_a_check() -> None:
    names = [stage.name for stage in parse_request({}).to_pipeline()]
    assert names == [
        "prepare", "separation", "listening", "harmonic_percussive", "composite", "normalization",
        "quality", "export",
    ]  # fmt: skip


def test_stages_run_in_their_order_whatever_order_they_were_named_in() -> None:
    chosen = parse_request({"stages": ("composite", "separation")}).to_pipeline()
    assert [stage.name for stage in chosen] == [
        "prepare", "separation", "listening", "composite", "quality", "export",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "choices", [{"preview": False}, {"stages": ("harmonic_percussive", "normalization")}]
)
def test_nothing_is_made_playable_where_nobody_wants_it_or_there_are_no_stems(
    choices: dict[str, object],
) -> None:
    assert "listening" not in [stage.name for stage in parse_request(choices).to_pipeline()]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"stages": ("magic",)}, "no stage 'magic'"),
        ({"stages": ()}, "at least one stage"),
        ({"stages": ("composite",)}, "needs the stage 'separation'"),
        ({"stages": ("normalization",)}, "needs 'separation' or 'harmonic_percussive'"),
        ({"stems": ("vocals",), "two_stems": "vocals"}, "not for both"),
        ({"overlap": 1.5}, "overlap"),
        ({"shifts": -1}, "shifts"),
        ({"format": "aiff"}, "format"),
        ({"sample_rate_hz": 22050}, "sample_rate_hz"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_choice_is_refused_in_words(choices: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidOptions, match=said):
        parse_request(choices)


@pytest.mark.parametrize("text", ["5", "2:", "vocals,,drums", "9:vocals"])
def test_stems_that_make_no_sense_are_refused_with_the_ways_to_write_them(text: str) -> None:
    with pytest.raises(InvalidOptions, match="2:vocals"):
        parse_stems(text)


def test_a_stage_runs_at_the_place_of_its_row_also_behind_the_quality_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = {}
    for name, row in STAGES.items():
        rows[name] = row
        if name == QUALITY:
            rows["echo"] = replace(row, name="echo", is_optional=True)
    monkeypatch.setattr(separation_request, "STAGES", rows)
    request = SeparationRequest().model_copy(update={"stages": ("separation", "echo")})
    stages = [stage.name for stage in request.to_pipeline()]
    assert stages.index("echo") == stages.index(QUALITY) + 1
