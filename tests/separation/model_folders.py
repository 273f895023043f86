"""Folders of models as an operator makes them, with nothing in the checkpoints."""

from pathlib import Path
from typing import Any

from tests.separation.msst_models import small_config, write_config


def put(folder: Path, *names: str, config: dict[str, Any] | None = None, size: int = 1_000) -> Path:
    """Files in a folder: YAML of a small network, and checkpoints of ``size`` bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        if name.endswith(".yaml"):
            write_config(folder / name, config or small_config("mel_band_roformer"))
        else:
            (folder / name).write_bytes(b"\0" * size)
    return folder
