"""A process that asked to end with its parent does, also when the parent was faster."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WAITS = (
    "import sys, time; from separation.system.processes import end_with_parent;"
    "end_with_parent(); print('ready', flush=True); time.sleep(60)"
)
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {WAITS!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.readline()
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_that_asked_for_it_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 5.0
    while is_running(child):
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.02)


def test_a_parent_that_ended_before_it_was_asked_about_is_noticed() -> None:
    program = (
        "import os, signal; from separation.system.processes import end_with_parent;"
        f"end_with_parent(signal.SIGTERM, parent={os.getpid() + 1_000_000})"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGTERM


def test_a_parent_that_lives_changes_nothing() -> None:
    program = (
        "from separation.system.processes import end_with_parent;"
        f"end_with_parent(parent={os.getpid()}); raise SystemExit(7)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 7
