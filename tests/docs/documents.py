"""The documents of the repository: their text, links, anchors and backquoted names."""

import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AT_THE_ROOT = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
_LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def documents() -> list[Path]:
    pages = [ROOT / name for name in AT_THE_ROOT]
    return [*pages, *sorted((ROOT / "docs").rglob("*.md"))]


def prose(path: Path) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)


def fenced(path: Path, language: str) -> list[str]:
    """The blocks of ``language``."""
    pattern = rf"^```{language}\n(.*?)^```$"
    return re.findall(pattern, path.read_text(encoding="utf-8"), re.M | re.S)


def links(path: Path) -> list[str]:
    """The targets of the links, without those inside code."""
    return _LINK.findall(_CODE.sub("", prose(path)))


@cache
def anchors(path: Path) -> frozenset[str]:
    """What ``#name`` may be, as GitHub makes it of headings, and the site by .mkdocs.yml."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in _HEADING.findall(prose(path)):
        slug = slugify(heading)
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return frozenset(found)


def slugify(heading: str) -> str:
    """GitHub's rule: lower case, letters, digits, ``_`` and ``-`` stay, each space is a ``-``."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    kept = (c for c in text if c in " _-" or unicodedata.category(c)[0] in "LN")
    return "".join(kept).replace(" ", "-")


def backquoted(text: str) -> list[str]:
    return _CODE.findall(text)
