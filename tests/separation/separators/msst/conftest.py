from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from separation.base import SeparatorOptions
from separation.separators.msst.separator import MsstSeparator

Make = Callable[..., MsstSeparator]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The folder that the operator named."""
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def make(tmp_path: Path, models: Path) -> Make:
    def a_separator(**options: Any) -> MsstSeparator:
        chosen = {"model_paths": (models,), "model_dir": tmp_path / "kept", "device": "cpu"}
        return MsstSeparator(SeparatorOptions(**{**chosen, **options}))

    return a_separator
