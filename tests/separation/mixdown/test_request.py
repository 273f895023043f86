"""What may be asked of a mix, and what is said about the rest."""

from typing import Any

import pytest

from separation.errors import InvalidOptions
from separation.mixdown.request import parse_mix

KNOWN = ["drums", "bass", "vocals"]


def heard(**choices: Any) -> dict[str, float]:
    return {stem.name: stem.gain_db for stem in parse_mix(choices).stems_of(KNOWN)}


def test_mute_and_solo_leave_what_the_mixer_would_play() -> None:
    stems: list[dict[str, Any]] = [
        {"name": "drums"},
        {"name": "bass", "mute": True},
        {"name": "vocals", "gain_db": -3},
    ]
    assert heard(stems=stems) == {"drums": 0.0, "vocals": -3.0}
    stems[0]["solo"] = True
    assert heard(stems=stems) == {"drums": 0.0}


def test_karaoke_is_all_but_the_vocals_or_has_them_quietly() -> None:
    assert heard(karaoke="without") == {"drums": 0.0, "bass": 0.0}
    assert heard(karaoke="quiet") == {"drums": 0.0, "bass": 0.0, "vocals": -12.0}


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({}, "which `stems` are to be heard"),
        ({"karaoke": "without", "stems": [{"name": "drums"}]}, "and not both"),
        ({"karaoke": "loud"}, "karaoke: .*'loud'"),
        ({"stems": [{"name": "drums"}, {"name": "drums"}]}, "'drums' is named twice"),
        ({"stems": [{"name": "drums", "mute": True}]}, "every stem is muted"),
        ({"stems": [{"name": "drums", "pan": 2}]}, "stems.0.pan: .*less than or equal to 1"),
        ({"stems": [{"name": "drums", "gain_db": 40}]}, "less than or equal to 12"),
        ({"stems": [{"name": "drums", "gain_db": "nan"}]}, "finite number"),
        ({"karaoke": "without", "speed": 3}, "less than or equal to 1.5"),
        ({"karaoke": "without", "start_s": 9, "end_s": 4}, "ends at 4 s, before it starts"),
        ({"karaoke": "without", "format": "aiff"}, "format: .*'aiff'"),
        ({"karaoke": "without", "reverb": 1}, "reverb: "),
        ([], "valid dictionary"),
    ],
)
def test_what_cannot_be_is_named(choices: Any, words: str) -> None:
    with pytest.raises(InvalidOptions, match=words):
        parse_mix(choices)


def test_a_stem_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(InvalidOptions, match=r"no stem 'flute' to mix. Choose: drums, bass"):
        heard(stems=[{"name": "flute"}])


def test_karaoke_needs_vocals() -> None:
    with pytest.raises(InvalidOptions, match="this song has: drums, bass"):
        parse_mix({"karaoke": "without"}).stems_of(["drums", "bass"])
