"""The graphics cards of this host, without importing anything that could compute on them."""

import os
import re
from pathlib import Path

_CARD = re.compile(r"nvidia\d+")


def cards(devices: Path = Path("/dev")) -> tuple[str, ...]:
    """What ``CUDA_VISIBLE_DEVICES`` may name: its own words where it is set, else the numbers of
    the cards whose device files the host, or its container, has."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return tuple(word.strip() for word in chosen.split(",") if word.strip() not in ("", "-1"))
    found = sum(1 for file in devices.glob("nvidia*") if _CARD.fullmatch(file.name))
    return tuple(str(number) for number in range(found))
