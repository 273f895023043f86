"""Formats the length of a song, in the same way on pages and in the terminal."""

from math import floor


def clock(seconds: float) -> str:
    """``75`` becomes ``1:15``, ``3700`` becomes ``1:01:40``. The result is rounded to the nearest
    second, half seconds up, as in ``songLength`` of ``static/js/mixer/time.js``."""
    minutes, rest = divmod(max(floor(seconds + 0.5), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
