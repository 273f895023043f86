import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_ctrl_c_during_the_start_ends_without_a_traceback(tmp_path: Path) -> None:
    # Python loses a signal that comes while it cleans up an object; a person presses again.
    for turn in range(3):
        code, output = interrupted_start(tmp_path / f"site-{turn}")
        assert "Traceback" not in output
        if code:
            break
    assert code == 130, output


def interrupted_start(data_dir: Path) -> tuple[int, str]:
    """Exit code and output of a command that is interrupted as soon as its settings are read."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "stemsite.settings",
            "STEMSITE_DATA_DIR": str(data_dir),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not data_dir.is_dir():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    return process.returncode, output
