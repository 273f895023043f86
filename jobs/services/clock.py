"""How the length of a song is written, the same on every page and in every line of a terminal."""

from math import floor


def clock(seconds: float) -> str:
    """``75`` as ``1:15``, ``3700`` as ``1:01:40``: to the nearest second, a half one up, as
    ``songLength`` of ``static/js/mixer/time.js`` has it."""
    minutes, rest = divmod(max(floor(seconds + 0.5), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
