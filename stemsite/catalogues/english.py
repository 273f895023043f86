"""The sentences that code without translation writes: those of the audio core and the services.

These sentences are stored, logged and answered to programs, so they stay English there. Pages
translate them when they show them (``jobs.sentences``). Here they are found in the code: a text of
words that ends as a sentence does, with a placeholder for each value.
"""

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOTS = ("separation", "jobs/services", "jobs/queue", "jobs/worker", "jobs/http", "jobs/errors.py")

NOT_ON_PAGES = (
    "jobs/http/bodies.py", "jobs/http/job_filters", "jobs/queue", "jobs/services/backup",
    "jobs/services/campaigns", "jobs/services/campaigns/query.py", "jobs/services/rates.py",
    "jobs/services/storage/disk_space.py", "separation/audio/encoding/stem_mp4.py",
    "separation/audio/median.py", "separation/audio/metadata", "separation/catalogue",
    "separation/catalogue/document.py", "separation/demo/__main__.py",
    "separation/engine/devices.py", "separation/engine/spectrogram", "separation/ensemble.py",
    "separation/evaluation", "separation/option_document.py", "separation/options.py",
    "separation/audio/decoding/decoder_pool.py", "separation/pipeline/manifest",
    "separation/sandbox", "separation/separator_options.py", "separation/separators/bandsplit",
    "separation/separators/demucs/fetch.py", "separation/separators/demucs/models.py",
    "separation/separators/demucs/separator.py", "separation/separators/fetch.py",
    "separation/separators/msst", "separation/separators/neural/conversion.py",
    "separation/separators/own_models", "separation/separators/remote/http.py",
    "separation/separators/spleeter", "separation/separators/torchaudio_hdemucs.py",
    "separation/separators/weights", "separation/separators/wheel",
    "separation/stages/registry.py", "separation/system", "separation/tensor_bundle",
    "separation/training", "separation/weights",
)  # fmt: skip
"""Code whose sentences are for operators and authors of models: they name files, settings and
commands. A page shows them as they are."""

_SENTENCE = re.compile(r"(?:[A-Z\u201c]|%\().*[a-z)%\d][.?!:](?: %\(\w+\)s)?", re.DOTALL)
_WORDS = re.compile(r"[a-z]+ (?:.* )?[a-z]+", re.DOTALL)
_FIELD = re.compile(r"\{([a-z]\w*)(?::[^}]*)?\}")
"""A field of ``str.format``."""

_LOGGING = {"debug", "info", "warning", "error", "exception", "critical", "log", "print"}

_UNNAMED = {
    "ValueError", "TypeError", "RuntimeError", "OSError", "KeyError", "TimeoutError", "LeaseLost",
    "ConnectionError", "ExceptionGroup", "CheckpointDamaged", "BoxesBroken", "WrongStem", "Http404",
}  # fmt: skip
"""Errors whose text ends in a log."""


@dataclass(frozen=True)
class Sentence:
    """``text``: with ``%(name)s`` for each value."""

    text: str
    file: str
    line: int


def sentences(base: Path) -> Iterator[Sentence]:
    for root in ROOTS:
        where = base / root
        for file in sorted([where] if where.is_file() else where.rglob("*.py")):
            name = file.relative_to(base).as_posix()
            if not name.startswith(NOT_ON_PAGES):
                yield from _of_module(file.read_text(encoding="utf-8"), name)


def _of_module(source: str, file: str) -> Iterator[Sentence]:
    finder = _Finder()
    finder.visit(ast.parse(source))
    for text, line in finder.found:
        yield Sentence(text, file, line)


class _Finder(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: list[tuple[str, int]] = []
        self._raising = False

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # else a docstring
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = str(getattr(node.func, "attr", None) or getattr(node.func, "id", ""))
        if name not in _LOGGING and "gettext" not in name and name != "_":
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        error = node.exc.func if isinstance(node.exc, ast.Call) else None
        is_named = not isinstance(error, ast.Name) or error.id not in _UNNAMED
        before, self._raising = self._raising, is_named
        self.generic_visit(node)
        self._raising = before

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            text = node.value.replace("%", "%%")
            self._take(_FIELD.sub(r"%(\1)s", text), node.lineno)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._take(pattern_of(node), node.lineno)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def _take(self, text: str, line: int) -> None:
        if _WORDS.search(text) and (self._raising or _SENTENCE.fullmatch(text)):
            self.found.append((text, line))


def pattern_of(node: ast.JoinedStr) -> str:
    """An f-string as a text with named placeholders; equal names get numbers."""
    taken: dict[str, str] = {}
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value).replace("%", "%%"))
        elif isinstance(part, ast.FormattedValue):
            parts.append(f"%({_name(ast.unparse(part.value), taken)})s")
    return "".join(parts)


def _name(expression: str, taken: dict[str, str]) -> str:
    """A name for the value of ``expression``, the same for the same expression."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", expression)
    words = re.findall(r"[A-Za-z_]\w*\b(?!\()", bare)
    words = [word for word in words if not keyword.iskeyword(word)] or ["value"]
    plain = words[-1].strip("_").lower() or "value"
    name, number = plain, 2
    while taken.setdefault(name, expression) != expression:
        name, number = f"{plain}{number}", number + 1
    return name
