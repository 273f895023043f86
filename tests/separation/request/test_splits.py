"""Stems to split again and noise to reduce: short notations, and what a request makes of them."""

from typing import Any

import pytest

from separation.errors import InvalidOptions
from separation.request.separation_request import parse_request
from separation.request.splits import parse_denoise, parse_details


def test_the_short_notation_names_stem_separator_and_model() -> None:
    assert parse_details("drums=spectral, vocals=demucs:htdemucs") == [
        {"stem": "drums", "separator": "spectral", "model": None},
        {"stem": "vocals", "separator": "demucs", "model": "htdemucs"},
    ]
    assert parse_denoise("vocals=0.7,drums") == [
        {"stem": "vocals", "strength": 0.7},
        {"stem": "drums"},
    ]


def test_a_stem_with_a_dash_as_some_models_have_them_can_be_split_again() -> None:
    choices = {"details": parse_details("lead-vocals=spectral"), "denoise": [{"stem": "a b-c"}]}
    assert parse_request(choices).details[0].stem == "lead-vocals"
    with pytest.raises(InvalidOptions, match="stem"):
        parse_request({"details": [{"stem": "../drums"}]})


def test_json_says_the_same_and_more() -> None:
    text = '[{"stem": "drums", "separator": "spectral", "two_stems": "drums"}]'
    assert parse_details(text) == [{"stem": "drums", "separator": "spectral", "two_stems": "drums"}]


@pytest.mark.parametrize(
    ("parse", "text", "said"),
    [
        (parse_details, "drums", "write it as drums=spectral"),
        (parse_details, "=spectral", "not understood"),
        (parse_details, "[{", "begins like JSON"),
        (parse_details, r'[{"stem": "song", "model": "\ud800"}]', "begins like JSON"),
        (parse_details, r'[{"stem": "song", "model": "a\u0000"}]', "begins like JSON"),
        (parse_denoise, "vocals=loud", "write it as vocals=0.5"),
        (parse_denoise, "=0.5", "not understood"),
    ],
)
def test_what_is_not_understood_is_told_with_an_example(parse: Any, text: str, said: str) -> None:
    with pytest.raises(InvalidOptions, match=said):
        parse(text)


def test_the_stages_stand_after_the_separation_with_the_job_s_device() -> None:
    request = parse_request(
        {
            "stages": ("separation", "normalization"),
            "device": "cpu",
            "allow_remote": False,
            "details": parse_details("drums=spectral"),
            "denoise": parse_denoise("vocals"),
        }
    )
    pipeline = request.to_pipeline()
    assert [stage.name for stage in pipeline] == [
        "prepare", "separation", "details", "denoise", "listening", "normalization", "quality",
        "export",
    ]  # fmt: skip
    details = pipeline[2].params
    assert details["splits"][0]["stem"] == "drums"
    assert (details["device"], details["allow_remote"]) == ("cpu", False)
    assert pipeline[3].params == {"stems": [{"stem": "vocals", "strength": 0.5}]}


MEMBERS = [{"separator": "remote"}, {"separator": "spectral"}]


@pytest.mark.parametrize(
    "choices",
    [
        {"details": [{"stem": "song", "separator": "remote"}]},
        {"separator": "ensemble", "ensemble": {"members": MEMBERS}},
        {
            "details": [
                {"stem": "drums", "separator": "ensemble", "ensemble": {"members": MEMBERS}},
            ]
        },
    ],
)
def test_a_song_that_is_not_to_leave_does_not_leave_by_a_second_door(
    choices: dict[str, Any],
) -> None:
    assert parse_request(choices).allow_remote
    with pytest.raises(InvalidOptions, match="`allow_remote` is off"):
        parse_request({**choices, "allow_remote": False})


@pytest.mark.parametrize(
    "choice",
    [
        {"segment_s": float("inf")},
        {"range_length_s": float("inf")},
        {"seed": 2**32},
        {"stems": ["a"] * 101},
    ],
)
def test_numbers_that_no_stage_takes_are_refused_at_once(choice: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptions, match=next(iter(choice))):
        parse_request(choice)


def test_without_them_the_pipeline_is_as_before() -> None:
    names = [stage.name for stage in parse_request({}).to_pipeline()]
    assert "details" not in names
    assert "denoise" not in names
    assert "ensemble" not in parse_request({}).to_pipeline()[1].params


def test_the_song_itself_can_be_split_without_a_separation() -> None:
    request = parse_request({"stages": (), "details": parse_details("song=spectral")})
    names = [stage.name for stage in request.to_pipeline()]
    assert names == ["prepare", "details", "listening", "export"]


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"details": [{"stem": "drums", "separator": "spectral"}] * 2}, "named twice"),
        ({"denoise": [{"stem": "drums"}] * 2}, "named twice"),
        ({"denoise": [{"stem": "drums", "strength": 1.5}]}, "strength"),
        ({"denoise": [{"stem": "drums", "strength": float("nan")}]}, "strength"),
        ({"denoise": [{"stem": "song"}]}, "'song', which this job does not separate"),
        ({"details": [{"stem": "../drums", "separator": "spectral"}]}, "stem"),
        ({"details": [{"stem": "drums", "colour": "red"}]}, "colour"),
        (
            {"stems": ("vocals",), "details": [{"stem": "drums", "separator": "spectral"}]},
            "'drums', which this job does not separate",
        ),
        ({"two_stems": "vocals", "denoise": [{"stem": "drums"}]}, "does not separate"),
        (
            {"stages": ("harmonic_percussive",), "denoise": [{"stem": "vocals"}]},
            "does not separate",
        ),
        (
            {"details": [{"stem": f"s{n}", "separator": "spectral"} for n in range(9)]},
            "at most 8",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_stored(
    choices: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidOptions, match=said):
        parse_request(choices)
