"""``python -m separation.fetch NAME DIR``: fetch a model's weights in a process of its own.

Proving that weights load needs torch, which no process of the web side may import. Prints one JSON
object a line: ``{"fraction", "message"}`` while it goes on, then ``{"files"}`` or ``{"code",
"detail"}``; the exit status is 0 or 2.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from separation.errors import SeparationError
from separation.separators.fetch import fetch_model

TELL_EVERY_S = 0.2


class _Teller:
    """Prints progress, at most every ``TELL_EVERY_S``."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, fraction: float, message: str = "") -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + TELL_EVERY_S
            say({"fraction": fraction, "message": message})


def say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="separation.fetch", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds of silence, then fail")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds in all, then fail")
    chosen = parser.parse_args()
    try:
        files = fetch_model(
            chosen.name,
            chosen.directory,
            report=_Teller(),
            timeout_s=chosen.timeout,
            limit_s=chosen.limit,
        )
    except SeparationError as error:
        say({"code": error.code, "detail": error.detail})
        return 2
    say({"files": [str(file) for file in files]})
    return 0


if __name__ == "__main__":
    sys.exit(main())
