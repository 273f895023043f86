"""Sentences that are stored in English are shown in the language of the page."""

import re

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.sentences import _catalogue, in_digits, pattern_of, translated
from jobs.wording import stage_label, track_label
from stemsite.catalogues.english import sentences
from tests.web_server import ROOT

TEXTS = sorted({each.text for each in sentences(ROOT)})
PLACE = re.compile(r"%\((\w+)\)s")
VALUES = st.text(alphabet="abcdefghij0123456789-_äß /", min_size=1, max_size=20).map(str.strip)


def test_a_sentence_without_values_is_translated() -> None:
    with translation.override("de"):
        assert translated("The disk is full.") == "Der Datenträger ist voll."


def test_values_go_into_the_translation() -> None:
    with translation.override("de"):
        assert translated("The file has 512 MB; at most 500 MB are allowed.") == (
            "Die Datei hat 512 MB; erlaubt sind höchstens 500 MB."
        )
        assert translated("The stem 'vocals' is digitally silent, but the song is not.") == (
            "Der Stem 'vocals' ist digital still, der Song aber nicht."
        )


def test_numbers_are_written_as_in_the_language() -> None:
    english = "The file ends 2.5 s before its header says; what is there was used."
    with translation.override("es"):
        assert "2,5 s" in translated(english)
    with translation.override("de"):
        assert in_digits("1.20 GB") == "1,20 GB"
    assert in_digits("1.20 GB") == "1.20 GB"


def test_a_value_that_is_words_is_translated_as_well() -> None:
    with translation.override("de"):
        assert translated("Same sound as drums") == "Gleicher Klang wie Schlagzeug"
        assert translated("Next in line, starts in about 20 s.") == (
            "Als Nächstes an der Reihe, beginnt in etwa 20 s."
        )


def test_several_sentences_in_one_text_are_translated_one_by_one() -> None:
    with translation.override("es"):
        assert translated("The disk is full. The song is silent.") == (
            "El disco está lleno. La canción está en silencio."
        )


@pytest.mark.parametrize(
    "text", ["", "My song.mp3", "100 % cotton", "Something that nobody wrote."]
)
def test_an_unknown_text_is_shown_as_it_is(text: str) -> None:
    for language in ("en", "de", "es"):
        with translation.override(language):
            assert translated(text) == text


def test_english_stays_english() -> None:
    with translation.override("en"):
        assert translated("The disk is full.") == "The disk is full."


def test_the_filter_is_the_function_and_escapes() -> None:
    page = Template("{% load display %}{{ text|translated }}")
    with translation.override("de"):
        assert page.render(Context({"text": "This is <b>."})) == "Das ist &lt;b&gt;."


def test_names_of_stems_and_stages_are_in_the_language() -> None:
    with translation.override("es"):
        assert track_label("vocals") == "Voz"
        assert track_label("drums__kick") == "Batería: bombo"
        assert track_label("my_own_stem") == "My own stem"
        assert stage_label("separation") == "Separar los stems"
    assert track_label("drums__kick") == "Drums: kick"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_every_sentence_of_the_core_is_found_again_with_its_values(
    text: str, data: st.DataObject
) -> None:
    names = dict.fromkeys(PLACE.findall(text))
    values = {name: data.draw(VALUES.filter(bool)) for name in names}
    sentence = text % values
    assert pattern_of(text).fullmatch(sentence)
    for language in ("de", "es"):
        with translation.override(language):
            shown = translated(sentence)
        assert shown != sentence or not re.search("[a-z]{3} [a-z]{3}", text)


@pytest.mark.parametrize("language", ["de", "es"])
def test_every_sentence_with_values_has_a_pattern(language: str) -> None:
    with_values = {text for text in TEXTS if PLACE.search(text)}
    known = {each.sentence.pattern for each in _catalogue(language).patterns}
    assert {pattern_of(text).pattern for text in with_values} <= known
