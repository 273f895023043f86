from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.separation.separators.remote.service import Service
from tests.separation.small_models import noise, save_song


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Noise whose peaks lie above full scale, as in a decoded MP3."""
    return save_song(tmp_path / "song.wav", 3 * noise(20_000))
