"""Numbers and names as people read them."""

import json
from pathlib import Path

import pytest

from jobs.services.sizes import size
from jobs.templatetags import display
from jobs.wording import decibels, stage_label

MIXER = Path(__file__).parents[2] / "javascript" / "mixer"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, ""), *json.loads((MIXER / "lengths.json").read_text())],
)
def test_a_length_reads_as_in_the_mixer(seconds: float | None, shown: str) -> None:
    assert display.clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, ""),
        (3.0, "a few seconds left"),
        (73.0, "about 75 s left"),
        (200.0, "about 3 min left"),
        (9000.0, "about 2.5 h left"),
    ],
)
def test_an_estimate_is_no_more_exact_than_it_is(seconds: float | None, shown: str) -> None:
    assert display.time_left(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(1, "1 kB"), (999_001, "1000 kB"), (2_190_172, "2.2 MB"), (174_682_746, "175 MB")],
)
def test_sizes_are_decimal(count: int, shown: str) -> None:
    assert size(count) == shown


def test_silence_has_no_level() -> None:
    assert decibels(None, "LUFS") == "silent"
    assert decibels(-14.26, "LUFS") == "\N{MINUS SIGN}14.3 LUFS"


@pytest.mark.parametrize(
    ("track", "shown"),
    [
        ("vocals", "stem-vocals"),
        ("drums_normalized", "stem-drums"),
        ("main_percussive", "stem-sum"),
        ("minus_vocals", "stem-sum"),
        ("residual", "stem-sum"),
    ],
)
def test_only_a_stem_has_the_colour_of_its_stem(track: str, shown: str) -> None:
    assert display.stem_class(track) == shown


def test_a_stage_of_a_plug_in_is_named_all_the_same() -> None:
    assert stage_label("noise_reduction") == "Noise reduction"
    assert stage_label("separation") == "Separate stems"
