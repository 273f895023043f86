"""The version is the same everywhere, and what is said of it is in order."""

import re
import tomllib

from separation import CODE_VERSION
from tests.docs.documents import ROOT

CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
SECTIONS = ("Added", "Changed", "Fixed", "Removed", "Security")


def test_code_package_and_changelog_name_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = re.findall(r"^## (\S+) \((?:unreleased|\d{4}-\d\d-\d\d)\)$", CHANGELOG, re.MULTILINE)
    assert project["version"] == CODE_VERSION == newest[0]


def test_the_changelog_is_in_sections_of_lines() -> None:
    releases = re.split(r"^## .+$", CHANGELOG, flags=re.MULTILINE)[1:]
    for release in releases:
        parts = re.split(r"^### (.+)$", release, flags=re.MULTILINE)
        assert parts[0].strip() == ""
        names = parts[1::2]
        assert names == [name for name in SECTIONS if name in names]
        for lines in parts[2::2]:
            assert re.fullmatch(r"\n\n(?:- .+\n(?:  .+\n)*)+\n?", lines)


def test_the_version_gets_security_fixes() -> None:
    table = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert f"| {CODE_VERSION.rpartition('.')[0]} | yes |" in table


def test_the_licence_is_named_where_tools_look_for_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "MIT"
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert licence.startswith("MIT License\n\nCopyright (c) 2026 the stemsite authors\n")
