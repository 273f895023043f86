"""docs/settings.md has the table of the code."""

import re
from pathlib import Path

from stemsite import settings  # noqa: F401  # reading settings declares the variables
from stemsite.env import VARIABLES

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "docs" / "settings.md"
ROW = re.compile(r"^\| `(STEMSITE_\w+)` \| (.*?) \| (.*?) \|$", re.MULTILINE)


def test_the_page_of_settings_lists_every_variable_with_its_default_and_meaning() -> None:
    documented = {
        name: (default.strip("`"), meaning)
        for name, default, meaning in ROW.findall(SETTINGS.read_text(encoding="utf-8"))
    }
    declared = {v.name: (v.default, v.meaning) for v in VARIABLES.values()}
    assert documented == declared


def test_no_variable_is_read_behind_the_back_of_the_table() -> None:
    used = {
        name
        for folder in ("stemsite", "jobs", "separation")
        for file in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"STEMSITE_[A-Z][A-Z_]+", file.read_text(encoding="utf-8"))
    }
    assert used <= set(VARIABLES)
