"""The scripts' arithmetic without a browser: every ``*.test.mjs`` here, by node's own runner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def test_every_unit_test_of_the_scripts_passes() -> None:
    node = shutil.which("node")
    if not node:
        missing = "There is no node here: install nodejs"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    files = sorted(HERE.rglob("*.test.mjs"))
    assert files
    # Without the spaces of a terminal: what failed stands at the end.
    done = subprocess.run(
        [node, "--test", "--test-reporter=spec", *files],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
