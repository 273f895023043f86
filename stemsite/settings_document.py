"""docs/settings.md and ``.env.example``, made from the modules of settings.

``python -m stemsite.settings_document`` writes both (``make docs/settings.md``).
"""

import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from stemsite import settings
from stemsite.env import VARIABLES, Variable

DOCUMENT = Path("docs/settings.md")
EXAMPLE = Path(".env.example")
_MODULE = re.compile(r"^from (stemsite\.settings\.\w+) import \*$", re.MULTILINE)
_NAME = re.compile(r'"(STEMSITE_\w+)"')
_INTRODUCTION = """\
# Settings

Every setting is an environment variable. The environment goes before the file `.env`, and that file
before the defaults. `.env.example` is a start for that file. A value that makes no sense stops the
start, with a sentence that says why. What one account or a group may use is set in the
administration pages, and goes before the settings: [Quotas](operations.md#quotas).
"""
_EXAMPLE_INTRODUCTION = """\
# Copy to .env and change what you need. What stands here is the default; so is an empty value.
# The real environment goes before this file.
"""


def sections() -> Iterator[tuple[str, list[Variable]]]:
    """Each module of settings that declares variables: its title and these, in their order."""
    for name in _MODULE.findall(inspect.getsource(settings)):
        module = importlib.import_module(name)
        declared = dict.fromkeys(_NAME.findall(inspect.getsource(module)))
        if declared:
            title = (inspect.getdoc(module) or "").partition("\n")[0].rstrip(".")
            yield title, [VARIABLES[each] for each in declared]


def settings_document() -> str:
    return _INTRODUCTION + "".join(
        f"\n## {title}\n\n| variable | default | meaning |\n| --- | --- | --- |\n"
        + "".join(_row(variable) for variable in variables)
        for title, variables in sections()
    )


def env_example() -> str:
    return _EXAMPLE_INTRODUCTION + "".join(
        f"\n# == {title} ==\n" + "".join(_commented(variable) for variable in variables)
        for title, variables in sections()
    )


def _row(variable: Variable) -> str:
    default = f"`{variable.default}`" if variable.default else ""
    return f"| `{variable.name}` | {default} | {variable.meaning} |\n"


def _commented(variable: Variable) -> str:
    meaning = textwrap.fill(variable.meaning, 98, initial_indent="# ", subsequent_indent="#   ")
    return f"{meaning}\n#{variable.name}={variable.default}\n"


if __name__ == "__main__":
    DOCUMENT.write_text(settings_document(), encoding="utf-8")
    EXAMPLE.write_text(env_example(), encoding="utf-8")
