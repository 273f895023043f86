"""The example of docs/languages.md, done as the page says."""

import re
import textwrap
from pathlib import Path

import pytest

from stemsite.catalogues.files import DOMAINS, folder_of, update, write
from tests.docs.documents import ROOT
from tests.separation.fenced import DOCS

LANGUAGES, DATES = (
    textwrap.dedent(block)
    for block in re.findall(
        r"^ +```python\n(.*?)^ +```$", (DOCS / "languages.md").read_text(), re.DOTALL | re.MULTILINE
    )
)


def names(code: str) -> dict[str, object]:
    told: dict[str, object] = {}
    exec(compile(code, "languages.md", "exec"), told)
    return {name: value for name, value in told.items() if name.isupper()}


def test_the_line_of_the_languages_adds_one_to_those_of_the_site() -> None:
    settings = (ROOT / "stemsite" / "settings" / "languages.py").read_text(encoding="utf-8")
    (ours,) = re.findall(r"^LANGUAGES = \[.*\]$", settings, re.MULTILINE)
    before, after = names(ours)["LANGUAGES"], names(LANGUAGES)["LANGUAGES"]
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert after == [*before, ("fr", "Français")]


@pytest.mark.parametrize("language", ["de", "es"])
def test_every_language_has_the_dates_that_the_page_names(language: str) -> None:
    module = (ROOT / "stemsite" / "formats" / language / "formats.py").read_text(encoding="utf-8")
    assert set(names(module)) == set(names(DATES))


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_catalogues_of_a_new_language_have_every_text(tmp_path: Path, domain: str) -> None:
    catalog = update(ROOT, "fr", domain)
    write(tmp_path, "fr", domain, catalog)
    assert (folder_of(tmp_path, "fr") / f"{domain}.mo").is_file()
    assert len(catalog) == len(update(ROOT, "de", domain))
    assert not any(message.string and any(message.string) for message in catalog if message.id)
