from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from tests.jobs.api.conftest import client_of
from tests.separation.model_folders import put


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A folder that the operator named."""
    path = tmp_path / "own"
    path.mkdir()
    settings.MODEL_PATHS = [path]
    return path


@pytest.fixture
def own_model(folder: Path) -> Path:
    """One that can be used as far as files tell, called ``mine``."""
    return put(folder / "mine", "a.yaml", "a.ckpt")


@pytest.fixture
def broken_model(folder: Path) -> Path:
    """One whose YAML names code, called ``odd``."""
    path = put(folder / "odd", "a.ckpt")
    (path / "a.yaml").write_text("a: !!python/object/apply:os.system [id]")
    return path


@pytest.fixture
def api(owner: User) -> APIClient:
    return client_of(owner)
