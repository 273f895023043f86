"""A seeded draw of the mutants that cosmic-ray's operators make of some modules."""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

LOGGERS = {"_log", "log", "logger", "logging"}


@dataclass(frozen=True)
class Mutant:
    module: str
    """Path below the root of the tree."""
    operator: str
    occurrence: int
    """Which of the places where the operator can change this module."""
    line: int
    source_digest: str
    """What was found about a mutant holds for this text of its module only."""


@dataclass(frozen=True)
class _Candidate:
    mutant: Mutant
    place: tuple[object, ...]


def draw(root: Path, places: Iterable[str], *, seed: int, count: int) -> list[Mutant]:
    """At most ``count`` mutants of the modules under ``places``, at most one for each place in the
    source. The first ones of a seed stay the same when more are asked for, or when another module
    changes."""
    candidates = [
        each for module in modules(root, places) for each in _candidates(module, root / module)
    ]
    candidates.sort(key=lambda each: _lot(seed, each.mutant))
    drawn: list[Mutant] = []
    taken = set()
    for candidate in candidates:
        if len(drawn) == count:
            break
        if candidate.place in taken or not _changes_behaviour(root, candidate.mutant):
            continue
        taken.add(candidate.place)
        drawn.append(candidate.mutant)
    return drawn


def modules(root: Path, places: Iterable[str]) -> list[str]:
    """Every module that a place, a file or a folder, holds, as a path below the root."""
    found: set[Path] = set()
    for place in places:
        path = root / place
        found.update([path] if path.is_file() else path.rglob("*.py"))
    return sorted(path.relative_to(root).as_posix() for path in found)


def mutated(root: Path, mutant: Mutant) -> str | None:
    """The text of its module with the mutant; None when the operator changes nothing there."""
    source = (root / mutant.module).read_text(encoding="utf-8")
    text: str | None = mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)
    return text


def _candidates(module: str, path: Path) -> Iterator[_Candidate]:
    source = path.read_text(encoding="utf-8")
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    nodes = list(ast_nodes(get_ast(source)))
    for name in operator_names():
        kind = get_operator(name)
        if kind.arguments():
            continue
        operator = kind()
        places = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (start, end) in enumerate(places):
            mutant = Mutant(module, name, occurrence, start[0], digest)
            yield _Candidate(mutant, (module, start, end))


def _lot(seed: int, mutant: Mutant) -> str:
    text = f"{seed}:{mutant.module}:{mutant.operator}:{mutant.occurrence}"
    return hashlib.sha256(text.encode()).hexdigest()


def _changes_behaviour(root: Path, mutant: Mutant) -> bool:
    """False where only types, words or the log are other than before, or nothing is Python."""
    text = mutated(root, mutant)
    if text is None:
        return False
    try:
        return _bare(text) != _bare((root / mutant.module).read_text(encoding="utf-8"))
    except SyntaxError:
        return False


def _bare(source: str) -> str:
    return ast.dump(_Bare().visit(ast.parse(source)))


class _Bare(ast.NodeTransformer):
    """Takes away what no behaviour depends on: annotations, words, and what is logged."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        match node.value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in LOGGERS:
                return ast.Pass()
        return self.generic_visit(node)
