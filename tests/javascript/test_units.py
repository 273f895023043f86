"""The scripts' arithmetic without a browser: every ``*.test.mjs`` here, by node's own runner."""

import os
import subprocess
from pathlib import Path

from tests.javascript.node import find_node

HERE = Path(__file__).parent
# In one process: `node --test` starts one for each file, which takes four times as long.
_IMPORT_ALL = "for (const file of process.argv.slice(1)) await import(file);"


def test_every_unit_test_of_the_scripts_passes() -> None:
    files = sorted(HERE.rglob("*.test.mjs"))
    assert files
    done = subprocess.run(
        [find_node(), "--test-reporter=spec", "--input-type=module", "--eval", _IMPORT_ALL, *files],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
