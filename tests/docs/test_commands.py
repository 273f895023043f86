"""Commands that the documents name exist, with the options that they are given."""

import re
import shlex
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.docs.code_names import module_file
from tests.docs.documents import ROOT, backquoted, documents, fenced, prose

MAKE = re.compile(r"(?:^|[;&|] *)make ([\w./-]+)", re.MULTILINE)
MANAGE = re.compile(r"(?<![\w-])manage\.py ([a-z_]+)((?: [^`|;&#\n]*)?)")

HELPED = re.compile(r"^([a-z]+):.*##", re.MULTILINE)
OF_OTHERS = {"pip", "venv", "demucs", "ensurepip"}


def _options(command: str) -> set[str]:
    loaded = load_command_class(get_commands()[command], command)
    parser = loaded.create_parser("manage.py", command)
    return {option for action in parser._actions for option in action.option_strings}


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_of_manage_py_takes_the_options_that_are_named(path: Path) -> None:
    for command, arguments in MANAGE.findall(path.read_text(encoding="utf-8")):
        assert command in get_commands(), f"{path.name}: there is no manage.py {command}"
        named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", arguments))
        assert named <= _options(command), f"{path.name}: manage.py {command}{arguments}"


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_target_of_make_is_in_the_makefile(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w./-]+):", makefile, re.MULTILINE))
    targets |= {
        name
        for line in re.findall(r"^\.PHONY: (.+)$", makefile, re.M)
        for name in shlex.split(line)
    }
    for target in MAKE.findall("\n".join([*backquoted(prose(path)), *fenced(path, "sh")])):
        assert target in targets, f"{path.name}: there is no make {target}"


def test_every_target_that_make_help_lists_is_in_a_document() -> None:
    texts = [
        each for path in documents() for each in (*backquoted(prose(path)), *fenced(path, "sh"))
    ]
    named = set(MAKE.findall("\n".join(texts)))
    assert set(HELPED.findall((ROOT / "Makefile").read_text(encoding="utf-8"))) <= named


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_program_and_list_of_packages_is_there(path: Path) -> None:
    text = "\n".join([*backquoted(prose(path)), *fenced(path, "sh"), *fenced(path, "ini")])
    for module in re.findall(r"python -m ([a-z_.]+)", text):
        assert module in OF_OTHERS or module_file(module), f"{path.name}: python -m {module}"
    named = re.findall(r"python ([\w/]+\.py)\b|-r ([\w./-]+\.txt)\b", text)
    for file in (program or packages for program, packages in named):
        assert (ROOT / file).is_file(), f"{path.name}: there is no {file}"


def test_the_short_way_in_is_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = re.findall(r"^```sh\n(.*?)^```$", readme, re.M | re.S)[0].splitlines()
    assert len(first) == 2 and first[-1] == "make run"
    assert len(readme.splitlines()) <= 110, "README is to be read in two minutes"
