"""Which walls stand around the decoding of uploads: what `check` and the operator's page say."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, run_checks
from django.test import Client
from django.urls import reverse

from separation.sandbox import sandbox_probe
from separation.sandbox.sandbox_probe import SandboxState, sandbox_state

ROOT = Path(__file__).parents[2]

BARE = SandboxState()
NO_FILES = SandboxState(namespaces="user", system_calls=True)
NO_FILTER = SandboxState(namespaces="user", files=True)


def _of_walls() -> list[CheckMessage]:
    return [each for each in run_checks() if each.id in ("stemsite.W001", "stemsite.I001")]


@pytest.mark.parametrize(
    ("stand", "told"),
    [
        (BARE, {"stemsite.W001": 30, "stemsite.I001": 20}),
        (NO_FILES, {"stemsite.I001": 20}),
        (NO_FILTER, {}),
    ],
)
def test_a_missing_wall_is_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, stand: SandboxState, told: dict[str, int]
) -> None:
    monkeypatch.setattr(sandbox_probe, "likely_complete", lambda: False)
    monkeypatch.setattr(sandbox_probe, "sandbox_state", lambda: stand)
    messages = _of_walls()
    assert {message.id: message.level for message in messages} == told
    assert all(stand.words in (message.hint or "") for message in messages)


def test_where_nothing_seems_to_be_missing_no_process_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox_probe, "likely_complete", lambda: True)
    monkeypatch.setattr(sandbox_probe, "sandbox_state", lambda: pytest.fail("it was tried"))
    assert _of_walls() == []


def test_what_is_missing_is_named() -> None:
    assert BARE.words.endswith("this host does not offer seccomp, namespaces, Landlock")
    assert "does not offer namespaces" in SandboxState(system_calls=True, files=True).words
    assert "does not offer" not in SandboxState("root", system_calls=True, files=True).words


def test_the_check_command_says_which_walls_stand(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"STEMSITE_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert f"Uploads are decoded behind: {sandbox_state().words}." in done.stdout


@pytest.mark.parametrize("stand", [BARE, SandboxState("user", system_calls=True, files=True)])
def test_the_operator_s_page_says_which_walls_stand(
    client: Client, staff: User, monkeypatch: pytest.MonkeyPatch, stand: SandboxState
) -> None:
    monkeypatch.setattr("jobs.services.operations.sandbox_state", lambda: stand)
    client.force_login(staff)
    page = client.get(reverse("admin:jobs_worker_changelist")).content.decode()
    assert f"files are decoded behind: {stand.words}." in page
    assert ("off the network" in page) is (stand is BARE)
