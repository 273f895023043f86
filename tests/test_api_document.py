"""docs/api.md, pasted from top to bottom into one shell, at a site that is served."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web_server import ROOT, WebServer

pytestmark = pytest.mark.slow

BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs" / "api.md").read_text(), re.M | re.S)
ACCOUNT, PASSWORD = "ella", "a password & a half"
STRICT = """set -euo pipefail
curl() { command curl --fail-with-body --show-error --max-time 120 "$@"; }
"""
"""A person would see a refusal; here it ends the script, as an unset variable does."""

MAKE_ACCOUNT = f"""
from django.contrib.auth import get_user_model
get_user_model().objects.create_user({ACCOUNT!r}, password={PASSWORD!r})
"""
MARK = "---- block "


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    server = WebServer(tmp_path_factory.mktemp("site"), STEMSITE_SEPARATOR="spectral")
    server.start(worker=True)
    server.manage("shell", "-v0", "-c", MAKE_ACCOUNT)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def pasted(server: WebServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each block printed, by its text, and the names of the files under ``files``."""
    if shutil.which("curl") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("There is no curl here.")
    home = tmp_path_factory.mktemp("shell")
    script = STRICT + "".join(f"echo '{MARK}{n}'\n{block}" for n, block in enumerate(BLOCKS))
    done = subprocess.run(
        ["bash", "-c", script + f"echo '{MARK}files'\nls\n"],
        cwd=home,
        env={
            "PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home),
            "SITE": server.address, "ACCOUNT": ACCOUNT, "PASSWORD": PASSWORD,
        },
        capture_output=True,
        text=True,
        timeout=900,
    )  # fmt: skip
    parts = done.stdout.split(MARK)[1:]
    said = dict(part.split("\n", 1) for part in parts)
    last = list(said)[-1]
    assert done.returncode == 0, f"block {last}:\n{said[last]}\n{done.stderr}"
    return {BLOCKS[int(name)] if name.isdigit() else name: text for name, text in said.items()}


def answers(pasted: dict[str, str], part: str) -> list[Any]:
    """The JSON documents that the block with ``part`` in it printed."""
    (block,) = (block for block in pasted if part in block)
    text, found = pasted[block].strip(), []
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:].strip()
    return found


def test_every_command_works_when_the_document_is_pasted(pasted: dict[str, str]) -> None:
    assert len(pasted) == len(BLOCKS) + 1


def test_the_answers_are_as_the_document_says(pasted: dict[str, str]) -> None:
    (tokens,) = answers(pasted, "MADE=")
    assert tokens[0]["is_current"] and "token" not in tokens[0]
    presets, decks = answers(pasted, "/presets")
    assert {"choices", "uses", "missing", "seconds", "times_fast"} <= set(presets[0])
    assert decks["request"]["preset"] == "dj"
    (again,) = answers(pasted, "SONG=")
    assert again["input"]["id"] and again["request"]["stems"] == ["drums"]
    (split,) = answers(pasted, "-F details=")
    assert {stage["name"] for stage in split["stages"]} >= {"details", "denoise"}
    (known,) = answers(pasted, "UPLOAD=")
    assert known["is_duplicate"] and known["source_id"]
    (waits,) = answers(pasted, "OTHER=")
    assert waits["status"] == "cancelled"
    done, _ = answers(pasted, "status=completed")
    assert done["results"][0]["status"] == "completed"


def test_what_is_asked_of_a_finished_job_comes(pasted: dict[str, str]) -> None:
    outputs, quality, manifest = answers(pasted, "$JOB/outputs")
    assert {"drums", "bass", "other", "vocals"} <= {each["name"] for each in outputs["outputs"]}
    assert manifest["version"] and quality
    batch, in_batch, batches = answers(pasted, "BATCH=$(")
    assert batch["counts"] and in_batch["count"] == batches["count"] == 1
    added, ordered, in_list = answers(pasted, "SET_LIST=$(")
    assert ordered["job_ids"] == added["job_ids"][::-1] and in_list["count"] == 2
    link, links = answers(pasted, '/shares" \\\n')
    assert link["url"].startswith("http") and [each["label"] for each in links] == ["Anna"]
    named = pasted["files"].splitlines()
    kinds = ("vocals.flac", "song.zip", "Encore.zip", "quiet vocals.mp3", "mix.flac", ".json")
    for kind in kinds:
        assert any(name.endswith(kind) for name in named), (kind, named)
