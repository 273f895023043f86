"""The site of the documents holds all of them, and loads nothing from elsewhere."""

import re
from pathlib import Path

import pytest
import yaml

from tests.docs.documents import ROOT, documents
from tests.docs.site_hooks import PAGES, keep_scripts_here, loaded_from_elsewhere, site_links


class _Loader(yaml.SafeLoader):
    """Takes the one value that names a function of mkdocs' for nothing."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
CONFIG = yaml.load((ROOT / ".mkdocs.yml").read_text(encoding="utf-8"), _Loader)


def _pages(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    items = nav.values() if isinstance(nav, dict) else nav
    assert not isinstance(items, int)
    return [page for item in items for page in _pages(item)]  # type: ignore[attr-defined]


def test_every_document_is_in_the_menu_once() -> None:
    menu = _pages(CONFIG["nav"])
    names = {str(path.relative_to(ROOT)) for path in documents()} | {"LICENSE"}
    expected = [PAGES.get(name, name.removeprefix("docs/")) for name in names]
    assert sorted(menu) == sorted(expected)


def test_a_broken_link_ends_the_building() -> None:
    assert CONFIG["strict"] is True
    assert set(CONFIG["validation"]["links"].values()) == {"warn"}
    assert set(CONFIG["validation"]["nav"].values()) == {"warn"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    # Warnings that are not printed are not counted.
    assert "mkdocs build --strict" in makefile and "--quiet --clean" not in makefile


def test_the_theme_brings_its_fonts_and_the_output_is_not_committed() -> None:
    assert CONFIG["theme"]["font"] is False
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert f"/{CONFIG['site_dir']}/" in ignored


def test_what_makes_the_site_is_pinned_with_its_reason() -> None:
    lines = (ROOT / "requirements-docs.txt").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if not line.startswith("#")]
    assert packages and all(re.fullmatch(r"[\w-]+==[\d.]+ +# .+", line) for line in packages)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "-r requirements-docs.txt" in makefile


@pytest.mark.parametrize(
    ("page", "link", "there"),
    [
        ("index.md", "../SECURITY.md", "security.md"),
        ("models/standard.md", "../../README.md", "../about.md"),
        ("models/standard.md", "../training.md", "../training.md"),
        ("about.md", "docs/api.md#upload", "api.md#upload"),
        ("about.md", "docs/screenshot.png", "screenshot.png"),
        ("about.md", "LICENSE", "licence.md"),
        ("security.md", "docs/operations.md#quotas", "operations.md#quotas"),
        ("api.md", "operations.md", "operations.md"),
        ("api.md", "#upload", "#upload"),
        ("api.md", "https://tus.io/", "https://tus.io/"),
    ],
)
def test_links_lead_to_the_same_place_on_the_site(page: str, link: str, there: str) -> None:
    assert site_links(f"see [it]({link}).", page) == f"see [it]({there})."


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example.org/a.js"></script>',
        "<link rel=stylesheet href=//fonts.example.org/css>",
        '<img alt="" src="http://example.org/a.png">',
        '@import "https://example.org/a.css";',
        "a { background: url(https://example.org/a.png) }",
    ],
)
def test_what_a_browser_would_load_from_elsewhere_is_found(text: str) -> None:
    assert len(loaded_from_elsewhere(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.org/">elsewhere</a>',
        '<link rel="stylesheet" href="assets/main.css"><script src="assets/a.js"></script>',
        "a { background: url(data:image/svg+xml,x) }",
    ],
)
def test_links_and_files_of_the_site_are_fine(text: str) -> None:
    assert loaded_from_elsewhere(text) == []


def test_scripts_of_the_theme_fetch_nothing(tmp_path: Path) -> None:
    script = tmp_path / "assets" / "javascripts" / "bundle.js"
    script.parent.mkdir(parents=True)
    script.write_text('load("https://unpkg.com/mermaid@11/dist/mermaid.min.js")')
    keep_scripts_here(tmp_path)
    assert script.read_text() == 'load("absent/mermaid@11/dist/mermaid.min.js")'
