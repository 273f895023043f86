"""What mkdocs is told of the documents: those in the root of the repository are pages of the site.

GitHub and the site both follow the same links, so nothing is written twice. mkdocs is imported
where it calls, so that tests can read this without it.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "README.md": "about.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "licence.md",
}
"""Files of the root by the name of their page; all others lie in ``docs``."""

_LINK = re.compile(r"(?<=\]\()(?![a-z]+:)([^)\s#]+)(?=[)#])")
_LOADED = re.compile(
    r"<(?:script|img|iframe|source|audio|video)\b[^>]*\bsrc=[\"']?((?:https?:)?//[^\"'\s>]+)"
    r"|<link\b(?![^>]*\brel=[\"']?(?:canonical|prev|next))[^>]*\bhref=[\"']?((?:https?:)?//[^\"'\s>]+)"
    r"|@import\s+(?:url\()?[\"']?((?:https?:)?//[^\"'\s)]+)"
    r"|\burl\([\"']?((?:https?:)?//[^\"'\s)]+)"
)
_HOST_OF_SCRIPTS = "https://unpkg.com/"


class LoadsFromElsewhere(Exception):
    """A page would ask another host for something."""


def site_links(markdown: str, page: str) -> str:
    """The text of ``page``, by its name in the site, with links as they are there."""
    sources = {there: here for here, there in PAGES.items()}
    source = sources.get(page, f"docs/{page}")

    def there(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[1]))
        place = PAGES.get(target, target.removeprefix("docs/"))
        return posixpath.relpath(place, posixpath.dirname(page) or ".")

    return _LINK.sub(there, markdown)


def loaded_from_elsewhere(text: str) -> list[str]:
    """Addresses of other hosts from which a browser would load something by itself; a link that
    somebody may follow is none."""
    return [next(filter(None, found)) for found in _LOADED.findall(text)]


def keep_scripts_here(site: Path) -> None:
    """The theme's script would fetch what draws diagrams, and what browsers before 2020 lack, from
    another host: neither is needed, and neither is found then."""
    for file in site.glob("assets/javascripts/**/*.js"):
        text = file.read_text(encoding="utf-8")
        if _HOST_OF_SCRIPTS in text:
            file.write_text(text.replace(_HOST_OF_SCRIPTS, "absent/"), encoding="utf-8")


def on_files(files: Any, config: Any) -> Any:
    from mkdocs.structure.files import File

    for name, page in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        if not name.endswith(".md"):
            text = f"# Licence\n\n```text\n{text}```\n"
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    return site_links(markdown, page.file.src_uri)


def on_post_build(config: Any) -> None:
    """Raises ``LoadsFromElsewhere``."""
    site = Path(config["site_dir"])
    keep_scripts_here(site)
    for file in sorted([*site.rglob("*.html"), *site.rglob("*.css")]):
        if found := loaded_from_elsewhere(file.read_text(encoding="utf-8")):
            raise LoadsFromElsewhere(f"{file.relative_to(site)}: {', '.join(found)}")
