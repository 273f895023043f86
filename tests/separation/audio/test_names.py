import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from separation.audio.names import FALLBACK_NAME, MAX_NAME_BYTES, clean_name


@pytest.mark.parametrize(
    ("given_name", "cleaned"),
    [
        ("Song.mp3", "Song.mp3"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Music\\My Song.wav", "My Song.wav"),
        ("folder/", "folder"),
        ("e\u0301t\u00e9.flac", "\u00e9t\u00e9.flac"),
        ("evil\u202e3pm.exe", "evil3pm.exe"),
        ("a\x00b\nc.wav", "ab c.wav"),
        ('a<b>:"c|d?*.wav', "a_b___c_d__.wav"),
        ("con.mp3", "_con.mp3"),
        ("LPT1", "_LPT1"),
        ("console.mp3", "console.mp3"),
        ("..hidden.", "hidden"),
        ("  \u3000 ", FALLBACK_NAME),
        ("", FALLBACK_NAME),
        ("..", FALLBACK_NAME),
    ],
)
def test_names_are_made_safe_and_kept_recognisable(given_name: str, cleaned: str) -> None:
    assert clean_name(given_name) == cleaned


def test_a_long_name_is_cut_at_a_whole_character_and_keeps_its_extension() -> None:
    name = clean_name("\u97f3" * 100 + ".flac")

    assert name == "\u97f3" * 65 + ".flac"
    assert len(name.encode()) == MAX_NAME_BYTES


@given(st.text(max_size=400))
def test_whatever_comes_in_the_rules_hold(text: str) -> None:
    name = clean_name(text)

    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert not set(name) & set('/\\<>:"|?*')
    assert not any(unicodedata.category(character).startswith("C") for character in name)
    assert name == name.strip() and not name.startswith(".") and not name.endswith(".")
    assert clean_name(name) == name
