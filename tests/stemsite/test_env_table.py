"""docs/settings.md and .env.example are what the modules of settings make of themselves."""

import re
from pathlib import Path

from stemsite.env import VARIABLES
from stemsite.settings_document import (
    DOCUMENT,
    EXAMPLE,
    env_example,
    sections,
    settings_document,
)

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_settings_is_the_one_that_the_code_makes() -> None:
    assert (ROOT / DOCUMENT).read_text(encoding="utf-8") == settings_document(), (
        "make docs/settings.md"
    )


def test_the_example_is_the_one_that_the_code_makes() -> None:
    assert (ROOT / EXAMPLE).read_text(encoding="utf-8") == env_example(), "make docs/settings.md"


def test_every_variable_stands_in_one_section() -> None:
    named = [variable.name for _, variables in sections() for variable in variables]
    assert sorted(named) == sorted(VARIABLES)
    row = VARIABLES["STEMSITE_PORT"]
    assert f"| `STEMSITE_PORT` | `8000` | {row.meaning} |" in settings_document()


def test_the_example_sets_nothing() -> None:
    assert re.findall(r"^[^#\n]", env_example(), re.MULTILINE) == []


def test_no_variable_is_read_behind_the_back_of_the_table() -> None:
    used = {
        name
        for folder in ("stemsite", "jobs", "separation")
        for file in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"STEMSITE_[A-Z][A-Z_]+", file.read_text(encoding="utf-8"))
    }
    assert used <= set(VARIABLES)
