"""Which browser the tests drive."""

import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The shell is the same browser without the windows around its pages, which take a third of its
processor time."""
MISSING = "There is no chromium here: install Debian's chromium-headless-shell, or chromium."


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)
