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
    song_title,
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


def nothing_hidden(text: str) -> bool:
    """Nothing of the category C but one joiner at a time inside a word, and what is only newer than
    this interpreter's tables."""
    word = all(
        text[k - 1 : k].strip("\u200c\u200d ") and text[k + 1 : k + 2].strip("\u200c\u200d ")
        for k, character in enumerate(text)
        if character in "\u200c\u200d"
    )
    hidden = {"Cc", "Cf", "Cs", "Co"} & {unicodedata.category(c) for c in text.translate(JOINERS)}
    return word and not hidden


JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))


@settings(max_examples=400)
@given(text_from_outside)
def test_whatever_comes_in_the_rules_hold(text: str) -> None:
    name = clean_name(text)

    assert 0 < len(name.encode()) <= MAX_NAME_BYTES < 255
    assert not set(name) & set('/\\<>:"|?*')
    assert name not in (".", "..")
    assert nothing_hidden(name)
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
    assert nothing_hidden(line)
    assert line == " ".join(line.split())
    assert unicodedata.is_normalized("NFC", line)
    assert one_line(line) == line


PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
HINDI = "\u0915\u094d\u200d\u0937"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
NEWER = "\U0001fae8 \U0001fadf"
"""Shaking face and splatter, of Unicode 15 and 16."""


@pytest.mark.parametrize("text", [PERSIAN, HINDI, FAMILY, SCOTLAND, NEWER])
def test_what_words_and_emoji_are_joined_of_is_kept(text: str) -> None:
    assert one_line(text) == text
    assert clean_name(f"{text}.wav") == f"{text}.wav"


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("\u200da b\u200c \u200dc\u200d", "a b c"),
        ("a\u200d\u200c\u200db", "a\u200db"),
        ("\U000e0067\U000e007fx", "x"),
        ("\U0001f3f4\U000e0067", "\U0001f3f4"),
        ("a\ufdd0\uffff\U0010fffe\u2065\U000e0fffb", "ab"),
    ],
)
def test_what_joins_nothing_is_gone(given_text: str, cleaned: str) -> None:
    assert one_line(given_text) == clean_name(given_text) == cleaned


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Song.v2.MP3", "Song.v2"),
        ("Mr. Brightside", "Mr. Brightside"),
        ("Vol.2", "Vol.2"),
        ("wait ... .wav", "wait"),
        ("aux .flac", "_aux"),
        ("song", "song"),
        ("wav", "wav"),
    ],
)
def test_a_title_is_the_name_without_an_ending_and_fit_for_a_folder(name: str, title: str) -> None:
    assert song_title(clean_name(name)) == song_title(name) == title


@given(text_from_outside)
def test_a_title_is_a_name_itself(text: str) -> None:
    assert clean_name(song_title(text)) == song_title(text)


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
