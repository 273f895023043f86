"""make installs what lint and tests need of npm, says when it cannot, and runs a site without."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.web_server import ROOT

STAMP = "tests/clients/node_modules/.installed"
SKIPPED = "scripts are not linted, and tests that need its packages are skipped"


def planned(target: str) -> str:
    """The commands of a target that nothing was done for."""
    done = subprocess.run(
        ["make", "-nB", target], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What make needs to install the packages, with a ``bin`` of no programs but ``touch``."""
    clients = tmp_path / "tests" / "clients"
    clients.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests" / "clients" / name, clients)
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "bin").mkdir()
    touch = shutil.which("touch")
    assert touch
    (tmp_path / "bin" / "touch").symlink_to(touch)
    return tmp_path


def npm(clone: Path, does: str) -> None:
    """A registry that does as it is told: the real one is in the network."""
    script = clone / "bin" / "npm"
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o755)


def install(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    make = shutil.which("make")
    assert make
    return subprocess.run(
        [make, STAMP],
        cwd=clone,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(clone / "bin"), **environment},
    )


def test_lint_and_tests_install_the_packages_and_lint_looks_at_the_scripts() -> None:
    assert "npm ci --prefix tests/clients --ignore-scripts" in planned("lint")
    assert "npm ci --prefix tests/clients --ignore-scripts" in planned("test")
    assert "biome check --error-on-warnings" in planned("lint")


def test_a_site_runs_without_npm() -> None:
    assert "npm" not in planned("run")
    assert "npm" not in planned("separate")


def test_without_npm_one_line_says_what_is_left_out(clone: Path) -> None:
    done = install(clone)
    assert (done.returncode, done.stdout) == (0, f"npm is missing: {SKIPPED}\n")


def test_a_registry_that_gives_nothing_is_told_as_well(clone: Path) -> None:
    npm(clone, "exit 1")
    done = install(clone)
    assert (done.returncode, done.stdout) == (
        0,
        f"npm could not install tests/clients: {SKIPPED}\n",
    )
    assert not (clone / STAMP).exists()


@pytest.mark.parametrize("does", ["", "exit 1"], ids=["no npm", "no registry"])
def test_in_ci_it_is_a_failure(clone: Path, does: str) -> None:
    if does:
        npm(clone, does)
    done = install(clone, CI="true")
    assert done.returncode != 0
    assert SKIPPED in done.stdout


def test_the_packages_are_installed_once_and_again_after_a_change_of_the_lock(
    clone: Path,
) -> None:
    npm(clone, f'/bin/mkdir -p "{clone}/tests/clients/node_modules"; echo x >> "{clone}/calls"')
    for calls in (1, 1):
        assert install(clone).returncode == 0
        assert (clone / "calls").read_text().count("x") == calls
    lock = clone / "tests" / "clients" / "package-lock.json"
    later = (clone / STAMP).stat().st_mtime + 5
    os.utime(lock, (later, later))
    install(clone)
    assert (clone / "calls").read_text().count("x") == 2
