"""Whether a name of the documents is a name of the code; nothing is imported for that."""

import ast
from functools import cache
from pathlib import Path

from tests.docs.documents import ROOT

PACKAGES = ("stemsite", "jobs", "separation", "tests", "benchmarks")


@cache
def definitions(file: Path) -> frozenset[str]:
    """Names that a module defines, and ``Class.member`` of its classes; imported names too, as a
    package may pass on what is its own."""
    return frozenset(_defined(ast.parse(file.read_text(encoding="utf-8")).body))


def _defined(body: list[ast.stmt], inside: str = "") -> list[str]:
    found: list[str] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.append(inside + node.name)
            if isinstance(node, ast.ClassDef):
                found += _defined(node.body, f"{inside}{node.name}.")
        elif isinstance(node, ast.Assign):
            found += [inside + t.id for t in node.targets if isinstance(t, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.append(inside + node.target.id)
        elif isinstance(node, ast.ImportFrom):
            found += [inside + (alias.asname or alias.name) for alias in node.names]
    return found


def module_file(dotted: str) -> Path | None:
    path = ROOT.joinpath(*dotted.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def is_dotted(name: str) -> bool:
    """``jobs.queue.claim`` or anything below one of our packages."""
    parts = name.split(".")
    return len(parts) > 1 and parts[0] in PACKAGES and all(part.isidentifier() for part in parts)


def exists(name: str) -> bool:
    """Of a dotted name: a package, a module, or what one defines."""
    if ROOT.joinpath(*name.split(".")).is_dir():
        return True
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        file = module_file(".".join(parts[:cut]))
        if file is not None:
            return cut == len(parts) or ".".join(parts[cut:]) in definitions(file)
    return False
