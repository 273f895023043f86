"""The supervisor leaves nobody behind, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys
from stemsite.supervisor import Child, Supervisor
child = [sys.executable, "-c", sys.argv[1]]
Supervisor([Child("sleeper", child)], grace_s=1.0).run(
    is_ready=lambda: True, on_ready=lambda: print("ready", flush=True))
print("ended", flush=True)
"""
SLEEPER = (
    "import os, subprocess, sys, time;"
    "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "open({file!r}, 'a').write(f'{{os.getpid()}} {{grandchild.pid}}\\n');"
    "time.sleep(60)"
)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def start(program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def pids_in(file: Path) -> list[list[int]]:
    return [[int(word) for word in line.split()] for line in file.read_text().splitlines()]


def test_a_stop_signal_ends_children_and_their_children(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    process = start(SLEEPER.format(file=str(file)))
    wait_for(lambda: file.exists() and pids_in(file))
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    assert output == "ended\n"
    assert not [pid for pid in pids_in(file)[0] if alive(pid)]


def test_a_child_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    process = start(stubborn + SLEEPER.format(file=str(file)))
    wait_for(lambda: file.exists() and pids_in(file))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert not [pid for pid in pids_in(file)[0] if alive(pid)]


def test_a_child_that_ends_is_started_again(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    process = start(f"import os; open({str(file)!r}, 'a').write(f'{{os.getpid()}}\\n')")
    wait_for(lambda: file.exists() and len(pids_in(file)) >= 2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)


def test_killing_the_supervisor_itself_ends_the_child(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    process = start(SLEEPER.format(file=str(file)))
    wait_for(lambda: file.exists() and pids_in(file))
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
    child, grandchild = pids_in(file)[0]
    wait_for(lambda: not alive(child))
    os.kill(grandchild, signal.SIGKILL)  # a sleeper knows no better; ours end on end-of-file
