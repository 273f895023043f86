"""docs/architecture.md is a map of this very tree."""

import re
import subprocess
import tomllib

from tests.docs.code_names import exists, is_dotted
from tests.docs.documents import ROOT, backquoted, fenced

PAGE = ROOT / "docs" / "architecture.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROOTS = ("stemsite", "jobs", "separation")
TERMS = {
    "stem", "mixture", "segment", "overlap", "LUFS", "true peak", "SDR", "lease", "heartbeat",
    "back-off", "fence", "checkpoint", "event", "receipt", "manifest", "artifact", "ticket", "lane",
}  # fmt: skip


def _part(heading: str) -> str:
    return TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def _mapped() -> list[str]:
    return re.findall(r"^\| `([\w/]+)` \| \S.* \|$", _part("The map"), re.MULTILINE)


def _packages() -> set[str]:
    """Folders with modules in them; an empty package that only holds others is no room."""
    found = set()
    for root in ROOTS:
        for folder in {file.parent for file in (ROOT / root).rglob("*.py")}:
            modules = [file for file in folder.glob("*.py") if file.read_bytes().strip()]
            if modules or list(folder.glob("*.safetensors")):
                found.add(str(folder.relative_to(ROOT)))
    return found


def _top_folders() -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    tops = {name.split("/")[0] for name in listed if "/" in name}
    return {name for name in tops if not name.startswith(".")}


def test_the_map_has_a_line_for_every_package_and_none_that_is_gone() -> None:
    rows = _mapped()
    inside = {row for row in rows if row.split("/")[0] in ROOTS}
    assert sorted(rows) == sorted(set(rows)), "a folder is in the map twice"
    missing, gone = sorted(_packages() - inside), sorted(inside - _packages())
    assert not missing, f"docs/architecture.md, The map: add a line for {missing}"
    assert not gone, f"docs/architecture.md, The map: these folders are gone or renamed: {gone}"


def test_the_map_has_every_other_folder_of_the_repository() -> None:
    assert {row.split("/")[0] for row in _mapped()} == _top_folders()


def test_the_layers_are_those_of_the_import_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = [c["layers"] for c in contracts["tool"]["importlinter"]["contracts"] if "layers" in c]
    shown = [block.splitlines() for block in fenced(PAGE, "layers")]
    assert shown == layers[1:], "docs/architecture.md, The layers: pyproject.toml says otherwise"


def test_the_life_of_a_job_names_functions_that_exist() -> None:
    names = [name for name in backquoted(TEXT) if is_dotted(name)]
    assert len(names) > 40
    gone = [name for name in names if not exists(name)]
    assert not gone, f"docs/architecture.md names what is gone or renamed: {gone}"


def test_names_that_are_gone_are_noticed() -> None:
    assert exists("jobs.queue.lease.Lease.renew")
    assert not exists("jobs.queue.lease.Lease.no_such_method")
    assert not exists("jobs.queue.no_such_module.claim")
    assert is_dotted("separation.runner") and not is_dotted("pyproject.toml")


def test_the_glossary_explains_the_terms_of_the_field_in_order() -> None:
    rows = re.findall(r"^\| ([\w -]+) \| \S.* \|$", _part("Glossary"), re.MULTILINE)[1:]
    assert set(rows) >= TERMS
    assert rows == sorted(rows, key=str.lower)
