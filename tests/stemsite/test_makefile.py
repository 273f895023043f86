"""What `make` answers where something is missing."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_make_separate_without_a_song_answers_at_once() -> None:
    """Before anything is installed or fetched, which would fail here."""
    made = subprocess.run(
        ["make", "separate", "VENV=nowhere", "PYTHON=false"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert made.returncode == 2
    assert "name the song: make separate SONG=path" in made.stdout
    assert not (ROOT / "nowhere").exists()
