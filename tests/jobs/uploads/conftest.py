from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django.fixtures import Settings

from tests.jobs.api.conftest import client_of
from tests.jobs.uploads.sender import Sender

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@pytest.fixture
def sender(owner: "User") -> Sender:
    """A program of the owner that uploads."""
    return Sender(client_of(owner))


@pytest.fixture
def strangers_sender(stranger: "User") -> Sender:
    return Sender(client_of(stranger))


@pytest.fixture
def stored(settings: Settings) -> "Stored":
    return Stored(settings)


class Stored:
    """What lies in the folder of uploads at this moment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self) -> list[Path]:
        root = Path(self._settings.UPLOAD_DIR)
        return sorted(path for path in root.rglob("*") if path.is_file())
