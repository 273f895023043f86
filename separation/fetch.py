"""``python -m separation.fetch NAME DIR``: fetch a model's weights in a process of its own.

Weights are loaded once to prove them, which needs torch, and no process of the web side may import
torch. Prints one JSON object a line: ``{"fraction", "message"}`` as progress, then ``{"files"}`` or
``{"code", "detail"}``; the exit status is 0 or 2.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from separation.errors import SeparationError
from separation.separators.fetch import fetch_model

PRINT_EVERY_S = 0.2


class _ProgressPrinter:
    """Prints progress, at most every ``PRINT_EVERY_S``."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, fraction: float, message: str = "") -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + PRINT_EVERY_S
            print_line({"fraction": fraction, "message": message})


def print_line(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="separation.fetch", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds of silence, then fail")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds in all, then fail")
    arguments = parser.parse_args()
    try:
        files = fetch_model(
            arguments.name,
            arguments.directory,
            report=_ProgressPrinter(),
            timeout_s=arguments.timeout,
            limit_s=arguments.limit,
        )
    except SeparationError as error:
        print_line({"code": error.code, "detail": error.detail})
        return 2
    print_line({"files": [str(file) for file in files]})
    return 0


if __name__ == "__main__":
    sys.exit(main())
