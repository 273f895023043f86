import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as site
from pytest_django.fixtures import Settings

from jobs.worker import gpu_assignment


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(gpu_assignment, "_held", [])
    yield
    for file in gpu_assignment._held:
        file.close()


def test_each_worker_gets_a_card_for_itself_and_the_late_one_none(settings: Settings) -> None:
    settings.CARDS = ("0", "GPU-1a/b")
    assert [gpu_assignment.take_card() for _ in range(3)] == ["0", "GPU-1a/b", None]
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-1a/b"


def test_a_host_without_cards_deals_none(settings: Settings) -> None:
    settings.CARDS = ()
    assert gpu_assignment.take_card() is None
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""


def test_a_worker_that_is_killed_gives_its_card_back(settings: Settings, tmp_path: Path) -> None:
    settings.CARDS = ("0",)
    program = (
        "import django; django.setup(); from django.conf import settings;"
        "settings.CARDS = ('0',); from jobs.worker.gpu_assignment import take_card;"
        "print(take_card(), flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=site.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "stemsite.settings",
            "STEMSITE_DATA_DIR": str(tmp_path),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "0\n"
    assert gpu_assignment.take_card() is None
    other.kill()
    other.communicate()
    assert gpu_assignment.take_card() == "0"
