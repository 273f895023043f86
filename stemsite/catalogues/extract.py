"""Finds the texts to translate in templates, Python modules and scripts."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract_javascript
from django.utils.translation.template import templatize

from stemsite.catalogues.english import sentences
from stemsite.catalogues.labels import labels

_CALL = re.compile(r"\b(?:_|u?n?p?gettext)\(")
_SINGULAR = ("_", "gettext", "gettext_lazy", "gettext_noop", "_lazy")
_PLURAL = ("ngettext", "ngettext_lazy")
_SCRIPT_KEYWORDS = {"translate": None, "translatePlural": None}


@dataclass(frozen=True)
class Found:
    """``text``: the message, or singular and plural."""

    text: str | tuple[str, str]
    file: str


def texts(base: Path, domain: str) -> Iterator[Found]:
    """The texts of a catalogue: ``django`` (templates and Python), ``djangojs`` (scripts) or
    ``sentences`` (what code without translation writes)."""
    if domain == "django":
        yield from _python(base)
        yield from _templates(base)
    elif domain == "djangojs":
        yield from _scripts(base)
    else:
        yield from (Found(each.text, each.file) for each in sentences(base))
        yield from (Found(text, "separation") for text in labels() if text)


def _files(base: Path, folders: Iterable[str], pattern: str) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for file in sorted((base / folder).rglob(pattern)):
            yield file, file.relative_to(base).as_posix()


def _python(base: Path) -> Iterator[Found]:
    for file, name in _files(base, ("jobs", "stemsite"), "*.py"):
        yield from _calls(ast.parse(file.read_text(encoding="utf-8")), name)


def _calls(tree: ast.AST, file: str) -> Iterator[Found]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words = [each.value for each in node.args[:2] if isinstance(each, ast.Constant)]
            if node.func.id in _SINGULAR and words:
                yield Found(str(words[0]), file)
            elif node.func.id in _PLURAL and len(words) == 2:
                yield Found((str(words[0]), str(words[1])), file)


def _templates(base: Path) -> Iterator[Found]:
    for pattern in ("*.html", "*.txt"):
        for file, name in _files(base, ("templates",), pattern):
            code = templatize(file.read_text(encoding="utf-8"), origin=name)
            for call in _CALL.finditer(code):
                yield from _calls(_call_at(code, call.start()), name)


def _call_at(code: str, start: int) -> ast.AST:
    """The call that begins at ``start`` of what Django made of a template."""
    end = code.index(")", start)
    while True:
        try:
            return ast.parse(code[start : end + 1].strip())
        except SyntaxError:
            end = code.index(")", end + 1)


def _scripts(base: Path) -> Iterator[Found]:
    for file, name in _files(base, ("static/js",), "*.js"):
        if "vendor" in file.parts:
            continue
        source = BytesIO(file.read_bytes())
        for _, keyword, words, _ in extract_javascript(source, _SCRIPT_KEYWORDS, [], {}):
            given = [words] if isinstance(words, str) else list(words or ())
            if keyword == "translatePlural" and len(given) > 1 and given[0] and given[1]:
                yield Found((given[0], given[1]), name)
            elif keyword == "translate" and given and given[0]:
                yield Found(given[0], name)
