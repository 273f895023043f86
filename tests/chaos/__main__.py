"""The long run: ``make chaos [JOBS=200] [KILLS=100] [DATABASE=sqlite|postgres] [SEED=...]``.

Prints one line of JSON with the counts; ends with 1 when anything was lost, doubled or left.
"""

import argparse
import contextlib
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.postgres import PostgresServer, binaries
from tests.chaos.run import RunSize, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the songs")
    parser.add_argument("--folder", type=Path, help="a new one, which stays, with all logs")
    chosen = parser.parse_args()
    seed = secrets.randbelow(10**6) if chosen.seed is None else chosen.seed
    sys.stderr.write(f"seed {seed}\n")
    size = RunSize(chosen.jobs, chosen.kills, chosen.seconds)
    began = time.monotonic()
    with _folder(chosen.folder) as folder, _database(chosen.database) as url:
        result = run(folder, url, size, seed)
    facts = {"database": chosen.database, "seed": seed, "seconds": round(time.monotonic() - began)}
    sys.stdout.write(json.dumps({**facts, **result.as_dict()}) + "\n")
    return 1 if result.faults else 0


@contextlib.contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        yield Path(folder)


@contextlib.contextmanager
def _database(kind: str) -> Iterator[str | None]:
    if kind == "sqlite":
        yield None
        return
    if binaries() is None:
        sys.exit("there is no PostgreSQL server here: apt-get install postgresql")
    server = PostgresServer()
    try:
        yield server.new_database()
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(main())
