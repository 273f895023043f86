"""The catalogues of translations hold every text of the code, and nothing else."""

import re
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from django.conf import settings

from stemsite.catalogues.english import _of_module
from stemsite.catalogues.extract import texts
from stemsite.catalogues.files import DOMAINS, folder_of, read, update
from tests.web_server import ROOT

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
CATALOGUES = [(language, domain) for language in LANGUAGES for domain in DOMAINS]
HOW = "run `make messages`, then translate what is empty"


def messages(language: str, domain: str) -> list[Message]:
    catalog = read(folder_of(ROOT, language) / f"{domain}.po", language)
    return [message for message in catalog if message.id]


def forms(text: object) -> list[str]:
    return list(text) if isinstance(text, list | tuple) else [str(text or "")]


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_a_catalogue_has_the_texts_of_the_code(language: str, domain: str) -> None:
    stored = {str(each.id) for each in messages(language, domain)}
    needed = {str(each.id) for each in update(ROOT, language, domain) if each.id}
    assert needed - stored == set(), HOW
    assert stored - needed == set(), HOW


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_text_is_translated_and_none_is_a_guess(language: str, domain: str) -> None:
    empty = [each.id for each in messages(language, domain) if not all(forms(each.string))]
    assert empty == [], HOW
    assert [each.id for each in messages(language, domain) if each.fuzzy] == []


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_a_translation_has_the_places_of_its_text(language: str, domain: str) -> None:
    """Names of values, and what is HTML, which must not come from nowhere."""
    places = re.compile(r"%\(\w+\)s|%[sd]|<[^>]+>|`[^`]*`")
    for message in messages(language, domain):
        known = {place for form in forms(message.id) for place in places.findall(form)}
        *fewer, last = forms(message.string)
        assert set(places.findall(last)) == known, message.id
        # One thing may be told without its number.
        assert all(set(places.findall(form)) <= known for form in fewer), message.id


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_a_text_and_its_translation_begin_and_end_alike(language: str, domain: str) -> None:
    for message in messages(language, domain):
        for text, form in zip(forms(message.id), forms(message.string), strict=False):
            assert text[:1].isspace() == form[:1].isspace() or "NaN" in text or "full scale" in text
            assert text[-1:].isspace() == form[-1:].isspace(), text
            assert text.endswith(".") == form.endswith("."), text


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_what_django_reads_is_what_people_edited(language: str, domain: str) -> None:
    compiled = read_mo(BytesIO((folder_of(ROOT, language) / f"{domain}.mo").read_bytes()))
    assert strings(compiled) == strings(
        read(folder_of(ROOT, language) / f"{domain}.po", language)
    ), HOW


def strings(catalog: Catalog) -> dict[str, list[str]]:
    return {forms(each.id)[0]: forms(each.string) for each in catalog if each.id}


def test_texts_are_found_in_templates_modules_scripts_and_the_core() -> None:
    assert {domain for domain in DOMAINS if any(texts(ROOT, domain))} >= {"django", "sentences"}


def test_a_sentence_of_the_core_gets_a_place_for_each_value() -> None:
    source = '''
def f(song, limit_s):
    """A docstring is no text."""
    log.info("This is logged and not shown.")
    if song.is_long:
        raise TooLong(f"{song.name!r} lasts {song.length_s:.1f} s; cut it to {limit_s} s.")
    return "a-value"
'''
    found = [each.text for each in _of_module(source, "core.py")]
    assert found == ["%(name)s lasts %(length_s)s s; cut it to %(limit_s)s s."]
