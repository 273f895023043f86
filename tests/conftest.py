"""The small world of the tests: an owner, a stranger, staff, and folders of their own."""

import os

# Before torch and numpy are loaded, also by what the tests start: the threads of two libraries, or
# of two processes, wait for each other with all that a core has.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from pytest_django.fixtures import Settings

from jobs.services import rates
from tests import published_schema, ready_site
from tests.factories import make_user
from tests.spread import Spread, in_order, left_to_others

if TYPE_CHECKING:
    from django.contrib.auth.models import User

hypothesis.settings.register_profile(
    "stemsite",
    # Machines of CI pause; and a change there must not fail by examples that it has not caused.
    deadline=None,
    derandomize="CI" in os.environ,
    max_examples=60,
)
hypothesis.settings.load_profile("stemsite")


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Spread | None:
    if config.option.dist != "loadfile":
        return None
    config.option.loadscopereorder = False
    return Spread(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = left_to_others(items, shard) if (shard := os.environ.get("SHARD")) else []
    if left:
        config.hook.pytest_deselected(items=left)
    others = set(left)
    items[:] = in_order([item for item in items if item not in others])


def pytest_report_header() -> str:
    shard = os.environ.get("SHARD")
    return f"shard {shard} of the dearest tests; SHARD=1/1 runs all" if shard else "all shards"


@pytest.fixture(scope="session", autouse=True)
def folder_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.getbasetemp()
    ready_site.shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session", autouse=True)
def manifests_follow_the_schema() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        published_schema.check_all(patch)
        yield


@pytest.fixture(autouse=True)
def site_paths(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every path of the site under ``tmp_path``, and nothing that needs a build or a network."""
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.OUTPUT_DIR = tmp_path / "outputs"
    settings.LOG_DIR = tmp_path / "logs"
    settings.MODEL_DIR = tmp_path / "models"
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "tmp"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    settings.STATIC_ROOT = tmp_path / "staticfiles"
    settings.STATIC_ROOT.mkdir()
    settings.OFFLINE = True
    # Else each housekeeping would render the song, which takes seconds.
    settings.FRONT_DEMO = False
    # Nor does pip, which fetches weights that come in packages, ask anybody.
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    settings.MIN_FREE_BYTES = settings.RESERVE_BYTES = 0
    settings.CACHES = {
        **settings.CACHES,
        "queue": {**settings.CACHES["queue"], "LOCATION": tmp_path / "cache"},
    }
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    # What requests of other tests have left of their blocks is theirs.
    monkeypatch.setattr(rates, "_blocks", rates._Blocks())
    # Hashing that is slow on purpose would be most of the run.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path


@pytest.fixture
def sends_mail(settings: Settings) -> None:
    """The site has a mail server; its mail lies in ``mail.outbox``."""
    settings.EMAIL_BACKEND = "tests.mailbox.EmailBackend"


@pytest.fixture
def owner(db: None) -> "User":
    return make_user("owner")


@pytest.fixture
def stranger(db: None) -> "User":
    return make_user("stranger")


@pytest.fixture
def staff(db: None) -> "User":
    return make_user("staff", is_staff=True, is_superuser=True)
