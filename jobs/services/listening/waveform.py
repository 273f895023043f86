"""Draws a small waveform of a finished song: the levels of its stems, stacked, from the peaks."""

from pathlib import Path

from jobs.models import Job
from jobs.services.listening.index import INDEX, Listening, ListeningStem, listening_file

COLUMNS = 48
WIDTH, HEIGHT = 96, 28

COLOURS = {
    "vocals": "#d98310",
    "drums": "#d64c41",
    "bass": "#5a62d8",
    "other": "#17907e",
    "guitar": "#a8527f",
    "piano": "#4787b5",
}
"""The colours of static/css/tokens.css, which an image cannot use."""

_NEUTRAL = "#8b8f98"
_BAR = 1.4
"""Width of the bar in a column, which is two units wide."""


def has_waveform(job: Job) -> bool:
    return (job.directory / INDEX).is_file()


def waveform_svg(job: Job, listening: Listening) -> str:
    """The waveform as an SVG image. Raises ``OSError`` where the peaks are missing."""
    heights = {stem.name: _heights(job, stem) for stem in listening.stems}
    highest = max((sum(column) for column in zip(*heights.values(), strict=True)), default=0.0)
    scale = HEIGHT / 2 / highest if highest else 0.0
    base = [0.0] * COLUMNS
    paths = []
    for name, column in heights.items():
        path = []
        for n, height in enumerate(column):
            low, high = base[n], base[n] + height * scale
            path.append(_bar(n, low, high))
            base[n] = high
        paths.append(f'<path fill="{COLOURS.get(name, _NEUTRAL)}" d="{"".join(path)}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"{''.join(paths)}</svg>"
    )


def _bar(column: int, low: float, high: float) -> str:
    """The path of a bar from ``low`` to ``high`` off the middle line, above and below it."""
    left, middle = column * WIDTH / COLUMNS, HEIGHT / 2
    tall = high - low
    return "".join(
        f"M{left:.1f} {top:.1f}h{_BAR}v{tall:.1f}h-{_BAR}z"
        for top in (middle - high, middle + low)
        if tall >= 0.05
    )


def _heights(job: Job, stem: ListeningStem) -> list[float]:
    """The mean absolute peak of each column, 0 to 1."""
    level = stem.peak_levels[-1]
    pairs = _read(listening_file(job, stem.peaks), level.offset, 2 * level.count)
    sizes = [
        max(abs(low), abs(high)) / 127 for low, high in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    return [_mean(sizes, n) for n in range(COLUMNS)]


def _read(file: Path, offset: int, count: int) -> list[int]:
    with file.open("rb") as peaks:
        peaks.seek(offset)
        found = peaks.read(count)
    if len(found) < count:
        raise OSError(f"{file.name} ends before its peaks do")
    return [byte - 256 if byte > 127 else byte for byte in found]


def _mean(sizes: list[float], column: int) -> float:
    first = column * len(sizes) // COLUMNS
    # A song with fewer values than columns repeats values.
    part = sizes[first : max((column + 1) * len(sizes) // COLUMNS, first + 1)]
    return sum(part) / len(part) if part else 0.0
