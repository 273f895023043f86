"""The waveform of a song that waits, which its progress fills: a path of SVG."""

from collections.abc import Iterable
from typing import Any

from jobs.models import Stage
from separation.stage_table import PREPARE

HEIGHT = 100
"""Of the picture; a column is two units wide, and its bar a little less."""

_BAR = 1.3
_LEAST = 3.0
"""Silence is a thin line."""


def outline_of(stages: Iterable[Stage]) -> list[int]:
    """The levels of the song, 0 to 100; empty until the song is decoded, and for an older job."""
    found = (stage.details for stage in stages if stage.name == PREPARE)
    details: dict[str, Any] = next(found, {})
    return list(details.get("outline") or [])


def stencil(levels: list[int]) -> str:
    """The path of a board with a hole for each level, through which the bar behind it is seen;
    empty without levels."""
    if not levels:
        return ""
    holes = "".join(_hole(column, level) for column, level in enumerate(levels))
    return f"M0 0H{width(levels)}V{HEIGHT}H0z{holes}"


def width(levels: list[int]) -> int:
    return 2 * len(levels)


def _hole(column: int, level: int) -> str:
    tall = max(float(level), _LEAST)
    return f"M{2 * column + (2 - _BAR) / 2:g} {(HEIGHT - tall) / 2:g}h{_BAR}v{tall:g}h-{_BAR}z"
