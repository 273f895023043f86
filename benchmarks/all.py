"""Every benchmark, one after the other: ``python benchmarks/all.py [--full] [--only NAME ...]``.

Without ``--full`` on short songs, once each: minutes, and a check that all of them work more than
a measurement. With it, the lengths and repetitions that ``docs/performance.md`` states: about an
hour on two cores, on a machine that does nothing else.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common

SHORT = {
    "separation": "--seconds 20 --repeats 1",
    "memory": "--minutes 0.5 1 --demucs-minutes 0.5",
    "hpss": "--seconds 30",
    "pipeline": "--seconds 30 --repeats 1",
    "latency": "--seconds 12 --repeats 1",
    "portal": "--seconds 12 --repeats 1",
    "library": "--songs 2000 --requests 10",
    "gpu": "--seconds 60 --repeats 1",
    "uploads": "--megabytes 50 --repeats 1",
    "slow_connections": "--count 100 --requests 60",
}
FULL = {
    "separation": "--seconds 60 --repeats 5",
    "memory": "--minutes 3 30 120 --demucs-minutes 3 10",
    "hpss": "--seconds 180",
    "pipeline": "--seconds 180 --repeats 3",
    "latency": "--seconds 30 --repeats 5",
    "portal": "--seconds 180 --repeats 3",
    "library": "--songs 10000 --requests 100",
    "gpu": "--seconds 600 --repeats 5",
    "uploads": "--megabytes 500 --repeats 3",
    "slow_connections": "--count 300 --requests 200",
}


def main() -> None:
    parser = common.arguments(__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", nargs="+", choices=sorted(FULL), default=list(FULL))
    options = parser.parse_args()
    chosen = FULL if options.full else SHORT
    failed = []
    for name in options.only:
        script = str(Path(__file__).with_name(f"{name}.py"))
        done = subprocess.run([sys.executable, script, *chosen[name].split()], check=False)
        failed += [name] if done.returncode else []
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
