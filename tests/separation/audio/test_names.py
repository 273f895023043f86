import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from separation.audio.names import (
    FALLBACK_NAME,
    MAX_LINE_CHARACTERS,
    MAX_NAME_BYTES,
    TAG_FIELDS,
    clean_name,
    clean_tags,
    one_line,
)


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


# What a cleaner may stumble over, far more often than chance has it: parts of paths, controls,
# marks of direction, joiners, accents and what they compose with, blanks, halves of characters.
TROUBLE = [
    *'aeA<>:|?*.. /\\"\x00\x07\x1b\x7f\x85\t\n\r\u00a0\u3000\u2028\u2029',
    *"\u0301\u0308\u0338\u0327\u030a\u0344\u1100\u1161\u11a8\u200b\u200d\u200e\u202e\u2066\ufeff",
    *"\u00ad\u212b\u2126\u2000\ue000\U000e0001\U0001f3b5\U0001d15e\ufb2c\ud800\udfff\uffff",
    *("CON", "nul", "lpt1", "COM\u00b9", ".wav", "..", "../", "C:\\", ".tar.gz", "\u97f3" * 70),
]
text_from_outside = st.one_of(
    st.lists(st.sampled_from(TROUBLE), max_size=12).map("".join),
    st.text(st.characters(), max_size=300),
)


@settings(max_examples=400)
@given(text_from_outside)
def test_whatever_comes_in_the_rules_hold(text: str) -> None:
    name = clean_name(text)

    assert 0 < len(name.encode()) <= MAX_NAME_BYTES < 255
    assert not set(name) & set('/\\<>:"|?*')
    assert name not in (".", "..")
    assert not any(unicodedata.category(character).startswith("C") for character in name)
    assert unicodedata.is_normalized("NFC", name)
    assert name == name.strip() and not name.startswith(".") and not name.endswith(".")
    assert PureWindowsPath(name).name == PurePosixPath(name).name == name
    assert not (name.isascii() and PureWindowsPath(name).is_reserved())
    assert clean_name(name) == name


@settings(max_examples=400)
@given(text_from_outside)
def test_a_line_is_one_clean_line_and_stays_as_it_is(text: str) -> None:
    line = one_line(text)

    assert len(line) <= MAX_LINE_CHARACTERS
    assert not any(unicodedata.category(character).startswith("C") for character in line)
    assert line == " ".join(line.split())
    assert unicodedata.is_normalized("NFC", line)
    assert one_line(line) == line


def test_an_accent_joins_its_letter_when_what_stood_between_them_is_gone() -> None:
    parted = "e\u200b\u0301"

    assert clean_name(f"{parted}.wav") == "\u00e9.wav"
    assert one_line(parted) == "\u00e9"


@given(
    st.dictionaries(st.one_of(st.sampled_from(TAG_FIELDS), st.text(max_size=5)), text_from_outside)
)
def test_tags_that_were_cleaned_stay_as_they_are(found: dict[str, str]) -> None:
    cleaned = clean_tags(found)

    assert set(cleaned) <= set(TAG_FIELDS) & set(found)
    assert all(cleaned.values())
    assert clean_tags(cleaned) == cleaned
