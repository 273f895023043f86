"""A site that may fetch songs, and a server on this machine that has some."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from jobs.models import Job, Source
from tests.separation.file_server import FileServer


@pytest.fixture
def songs(settings: Settings) -> Iterator[FileServer]:
    """The import is on, and of all that is not public only 127.0.0.1 may be asked."""
    settings.URL_IMPORT = True
    settings.URL_IMPORT_NETWORKS = [ip_network("127.0.0.1/32")]
    server = FileServer()
    yield server
    server.close()


def nothing_left(root: Path) -> bool:
    files = [
        path for name in ("uploads", "tmp") for path in (root / name).rglob("*") if path.is_file()
    ]
    return not files and not Source.objects.exists() and not Job.objects.exists()
