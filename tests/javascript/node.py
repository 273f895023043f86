"""Node, which runs the scripts of pages without a browser."""

import os
import shutil

import pytest


def find_node() -> str:
    """Its path. Skips the test where there is none, but not in CI."""
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("There is no node: install nodejs")
    return node
