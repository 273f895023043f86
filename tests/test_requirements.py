"""The locks hold what the readable lists of direct dependencies say, and are what is installed."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, set[str]]:
    """Versions by package, of a list and of those that it names with -r."""
    text = (ROOT / name).read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for package, version in PIN.findall(text):
        found.setdefault(re.sub(r"[-_.]+", "-", package).lower(), set()).add(version)
    for other in re.findall(r"^-r (\S+)", text, re.MULTILINE):
        for package, versions in pins(other).items():
            found.setdefault(package, set()).update(versions)
    return found


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_a_lock_has_every_direct_dependency_in_its_version(name: str) -> None:
    locked = pins(f"{name}.lock")
    for package, versions in pins(f"{name}.txt").items():
        assert locked.get(package) == versions, f"{package}: run `make lock`"


def test_what_is_tested_is_what_runs() -> None:
    dev = pins("requirements-dev.lock")
    assert {name: dev.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-dev.lock", "requirements-setup.txt"]
)
def test_every_package_of_a_lock_has_digests(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.search(r"--hash=sha256:[0-9a-f]{64}", line)] == []


def test_make_and_the_image_install_the_locks_by_their_digests() -> None:
    image = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes -r /tmp/requirements.lock" in image
    assert not re.search(r"pip install (?!--require-hashes)", image)
    make = (ROOT / "Makefile").read_text()
    assert "--require-hashes -r $(1).lock" in make
    assert {"requirements", "requirements-dev"} <= set(re.findall(r"call install,([\w-]+)\)", make))


def test_make_takes_the_lock_where_it_was_made_for() -> None:
    made_for = re.findall(
        r"sys_platform == '(\w+)' and platform_machine == '(\w+)'",
        (ROOT / "pyproject.toml").read_text(),
    )
    taken = re.findall(r'\("(\w+)", "(\w+)"\)', (ROOT / "Makefile").read_text())
    assert made_for and set(made_for) == set(taken)
