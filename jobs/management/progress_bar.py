"""A progress line for long work in a terminal; plain lines where there is no terminal."""

import shutil
from typing import TextIO

from jobs.services.song_length import clock

WIDTH = 24


class ProgressBar:
    """Redraws one line on a terminal; elsewhere writes a line whenever the message changes."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._live = out.isatty()
        self._last_message = ""
        self._drawn = False

    def show(self, percent: float, message: str, eta_s: float | None = None) -> None:
        if self._live:
            self._draw(percent, message, eta_s)
        elif message and message != self._last_message:
            self._out.write(f"{percent:5.1f} %  {message}\n")
            self._out.flush()
        self._last_message = message

    def _draw(self, percent: float, message: str, eta_s: float | None) -> None:
        filled = round(WIDTH * percent / 100)
        left = f"  {clock(eta_s)} left" if eta_s is not None else ""
        line = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {percent:5.1f} %  {message}{left}"
        columns = shutil.get_terminal_size().columns - 1
        self._out.write(f"\r{line[:columns]:<{columns}}")
        self._out.flush()
        self._drawn = True

    def end(self) -> None:
        """End the line, so that the next output starts on a new one."""
        if self._drawn:
            self._out.write("\n")
            self._drawn = False
