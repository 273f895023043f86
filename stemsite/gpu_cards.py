"""The graphics cards of this host, found without importing a GPU library."""

import os
import re
from pathlib import Path

_CARD = re.compile(r"nvidia\d+")


def cards(devices: Path = Path("/dev")) -> tuple[str, ...]:
    """The valid values for ``CUDA_VISIBLE_DEVICES``: its own entries where it is set, else the
    numbers of the device files of the host or the container."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return tuple(word.strip() for word in chosen.split(",") if word.strip() not in ("", "-1"))
    found = sum(1 for file in devices.glob("nvidia*") if _CARD.fullmatch(file.name))
    return tuple(str(number) for number in range(found))
