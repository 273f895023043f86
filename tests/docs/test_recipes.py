"""What the documents for developers put in backquotes exists."""

import re
from functools import cache
from pathlib import Path

import pytest

from separation.errors import all_codes
from stemsite import env, settings  # noqa: F401  # reading settings declares the variables
from tests.docs.code_names import PACKAGES, definitions, exists, is_dotted
from tests.docs.documents import ROOT, backquoted, fenced, prose

DOCUMENTS = (
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/adding-a-separator.md",
    "docs/adding-a-stage.md",
    "docs/adding-an-option.md",
    "docs/adding-an-endpoint.md",
    "docs/mixer.md",
    "docs/releasing.md",
)
PATH = re.compile(
    r"\.?[\w<>-]+(?:/[\w.<>*-]+)+/?|\.?[\w-]+\.(?:py|md|txt|lock|toml|json|html|yaml|example)"
)
CLASS_OR_CONSTANT = re.compile(r"_?[A-Z][a-z]\w*[A-Z]\w*|[A-Z][A-Z_0-9]*[A-Z][A-Z_0-9]*")
FUNCTION = re.compile(r"[a-z]\w*_\w+")
PLACEHOLDER = re.compile(r"<\w+>")
OTHER_WORDS = {"CI", "SONG", "OUT", "ARGS", "SECONDS"} | set(all_codes())
"""Variables of the shell and of make, and codes of errors."""


def _blocks(text: str) -> list[str]:
    """Paragraphs and items of lists: a name is looked for in the files that stand beside it."""
    return re.split(r"\n\s*\n|\n(?=\s*(?:-|\d+\.) )", text)


@cache
def _names_of_all_code() -> frozenset[str]:
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    return frozenset(
        part for file in files for name in definitions(file) for part in name.split(".")
    )


@cache
def _file_names() -> frozenset[str]:
    inside = [*PACKAGES, "docs", "templates", "static"]
    found = {file.name for folder in inside for file in (ROOT / folder).rglob("*")}
    return frozenset(found | {file.name for file in ROOT.iterdir()})


def _path_exists(path: str) -> bool:
    pattern = PLACEHOLDER.sub("*", path.rstrip("/"))
    return any(ROOT.glob(pattern)) or ("/" not in path and path in _file_names())


def _is_defined(name: str, beside: list[Path], example: str) -> bool:
    if re.search(rf"^(?:class|def|\s*def) {name}\b|^{name}\b.*=", example, re.MULTILINE):
        return True
    if CLASS_OR_CONSTANT.fullmatch(name) and beside:
        return any(name in found.split(".") for file in beside for found in definitions(file))
    return name in _names_of_all_code()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_in_backquotes_is_there(document: str) -> None:
    tokens = [t for t in backquoted(prose(ROOT / document)) if PATH.fullmatch(t)]
    gone = [token for token in tokens if not _path_exists(token)]
    assert not gone, f"{document} names files that are gone or renamed: {gone}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_name_in_backquotes_is_defined_in_a_file_that_stands_beside_it(document: str) -> None:
    example = "\n".join(fenced(ROOT / document, "python"))
    gone = []
    for block in _blocks(prose(ROOT / document)):
        tokens = backquoted(block)
        beside = [ROOT / t for t in tokens if t.endswith(".py") and (ROOT / t).is_file()]
        for token in tokens:
            name = token.removesuffix("()")
            if name.startswith("STEMSITE_"):
                known = name.partition("=")[0] in env.VARIABLES
            elif is_dotted(name) and not PATH.fullmatch(name):
                known = exists(name)
            elif CLASS_OR_CONSTANT.fullmatch(name) or FUNCTION.fullmatch(name):
                known = name in OTHER_WORDS or _is_defined(name, beside, example)
            else:
                continue
            if not known:
                gone.append(token)
    assert not gone, f"{document} names what is gone, renamed or moved elsewhere: {gone}"


def test_what_is_gone_is_noticed() -> None:
    assert not _path_exists("jobs/queue/no_such_module.py")
    assert not _path_exists("jobs/api/<feature>/no_such_module.py")
    assert _path_exists("jobs/api/<feature>/views.py")
    lease, claim = ROOT / "jobs/queue/lease.py", ROOT / "jobs/queue/claim.py"
    assert _is_defined("LeaseLost", [lease], "") and not _is_defined("LeaseLost", [claim], "")
    assert not _is_defined("no_such_function", [], "")


def test_the_line_of_the_recipe_for_a_setting_is_a_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(env, "VARIABLES", {})
    monkeypatch.setenv("STEMSITE_MAX_DOORS", "3")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ +(MAX_DOORS = .+)$", text, re.MULTILINE)
    names: dict[str, object] = {"env": env}
    exec(line, names)
    assert names["MAX_DOORS"] == 3
    row = env.VARIABLES["STEMSITE_MAX_DOORS"]
    assert (row.default, row.meaning) == ("4", "doors that may stand open")
