"""Which tests are near a module: those that mirror its name, then those that import it, then the
same of the modules that import it, and so on outwards."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.spread import LONGEST_FIRST

LEFT_OUT = ("tests/browser/", "tests/chaos/", "tests/mutation/")
"""Sites with browsers and kills: too slow for every mutant, and not what a module's faults need."""

NEAR, FAR, LONG = 15, 20, 3
"""How many files of tests at most: near ones, further ones, and near ones that take long."""


@dataclass(frozen=True)
class Round:
    """Files of one run of pytest, and which of their tests."""

    files: list[str]
    marked: str = ""


@dataclass
class NearTests:
    """The tests of a tree, by module."""

    root: Path
    _importers: dict[str, set[str]] = field(init=False)
    _weights: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        files = {each.relative_to(self.root).as_posix() for each in _python_files(self.root)}
        self._importers = {name: set() for name in files}
        self._weights = {}
        for name in files:
            imported = _imports(self.root, name) & files
            self._weights[name] = len(imported)
            for other in imported:
                self._importers[other].add(name)

    def rounds(self, module: str) -> list[Round]:
        """What to run one after the other, until a test fails: what is near first, and of that
        what is fast."""
        layers = self._layers(module)
        near = next(layers, [])
        further = [name for layer in layers for name in layer]
        fast = [name for name in near if not _is_long(name)][:NEAR]
        rest = [name for name in [*near, *further] if not _is_long(name) and name not in fast]
        long = [name for name in near if _is_long(name)][:LONG]
        chosen = [
            Round(fast, "not slow"), Round(fast, "slow"), Round(long), Round(rest[:FAR], "not slow")
        ]  # fmt: skip
        return [each for each in chosen if each.files]

    def _layers(self, module: str) -> Iterator[list[str]]:
        """Files of tests, by their distance from the module."""
        seen = {module}
        border = [module]
        while border:
            around = {name for each in border for name in self._importers[each]}
            least = 1 if border == [module] else 2
            found = [name for each in border for name in self._mirrors(each, least)]
            mirrors = [name for name in found if name not in seen]
            direct = sorted(around - seen, key=lambda name: (self._weights[name], name))
            layer = dict.fromkeys([*mirrors, *filter(_is_test, direct)])
            if layer:
                yield list(layer)
            seen |= around | set(layer)
            border = [name for name in direct if not _is_test(name)]

    def _mirrors(self, module: str, least: int) -> list[str]:
        """Those whose file or folder has the module's name; the nearest name first."""
        path = Path(module)
        if path.parts[0] == "tests" or len(path.parts) < 2:
            return []
        inner = path.parts[2:-1]
        name = (inner[-1] if inner else "") if path.stem == "__init__" else path.stem
        if not name:
            return []
        known = [each for each in self._importers if each.startswith(f"tests/{path.parts[0]}/")]
        ranks = {each: _likeness(Path(each), name, inner) for each in known}
        return sorted(
            (each for each in ranks if ranks[each] >= least), key=lambda e: (-ranks[e], e)
        )


def _likeness(test: Path, name: str, folders: tuple[str, ...]) -> int:
    """How much a test file's name is like a module's: 0 is not at all."""
    if not _is_test(test.as_posix()):
        return 0
    subject = test.stem.removeprefix("test_")
    if subject == name:
        return 3
    words = f"_{subject}_"
    if any(f"_{each}_" in words or each in test.parts[2:-1] for each in (name, f"{name}s")):
        return 2
    return int(any(each in test.parts[1:-1] for each in folders))


def _is_test(name: str) -> bool:
    return Path(name).name.startswith("test_") and not name.startswith(LEFT_OUT)


def _is_long(name: str) -> bool:
    return name.startswith(LONGEST_FIRST)


def _python_files(root: Path) -> Iterator[Path]:
    for path in root.iterdir():
        if path.is_symlink() or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _python_files(path)
        elif path.suffix == ".py":
            yield path


def _imports(root: Path, name: str) -> set[str]:
    """The files that a file may import: a name may be a module, a package or neither."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((root / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = Path(name).parts[: -node.level] if node.level else ()
            package = ".".join([*above, *filter(None, [node.module])])
            found.add(package)
            found.update(f"{package}.{alias.name}" for alias in node.names)
    paths = {each.replace(".", "/") for each in found}
    return {f"{each}.py" for each in paths} | {f"{each}/__init__.py" for each in paths}
