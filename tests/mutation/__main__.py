"""The long run: ``make mutants [SEED=14] [COUNT=120]``.

Draws mutants of ``PLACES`` by the seed, and runs the tests near each one's module until one fails.
What was found is kept in ``.mutants/``: the same command goes on where it was stopped.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutation import results
from tests.mutation.mutants import Mutant, draw
from tests.mutation.nearest import NearTests
from tests.mutation.trial import Limits, Verdict, copy_of, failing_without, judge

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    "jobs/services",
    "jobs/queue",
    "jobs/worker",
    "separation/pipeline/run.py",
    "separation/pipeline/work_folder.py",
    "separation/pipeline/completed_job.py",
    "separation/storage/checkpoints.py",
    "separation/pipeline/manifest_writer.py",
)
"""Where a fault loses work or shows it to a stranger."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--root", type=Path, default=ROOT, help="another tree")
    parser.add_argument("--again", action="store_true", help="try the survivors once more")
    parser.add_argument("--limit-s", type=float, default=Limits.mutant_s, help="for one mutant")
    parser.add_argument("places", nargs="*", default=PLACES, help="modules and folders")
    chosen = parser.parse_args(arguments)
    drawn = draw(chosen.root, chosen.places, seed=chosen.seed, count=chosen.count)
    kept = chosen.root / ".mutants" / f"seed-{chosen.seed}.jsonl"
    verdicts = _try(chosen.root, drawn, kept, again=chosen.again, limits=Limits(chosen.limit_s))
    sys.stdout.write(results.report(chosen.root, verdicts) + "\n")
    return 0


def _try(
    root: Path, drawn: list[Mutant], kept: Path, *, again: bool, limits: Limits
) -> dict[Mutant, Verdict]:
    """The verdicts in the order of the draw; those that are known already are not tried again."""
    known = results.read(kept)
    if again:
        known = {each: verdict for each, verdict in known.items() if verdict.outcome != "survived"}
    with copy_of(root) as copy:
        tests = NearTests(copy)
        for number, mutant in enumerate(drawn, 1):
            if mutant in known:
                continue
            began = time.monotonic()
            known[mutant] = judge(copy, tests, mutant, limits)
            results.add(kept, mutant, known[mutant])
            took = f"{time.monotonic() - began:.0f} s"
            place = f"{mutant.module}:{mutant.line}"
            sys.stderr.write(f"{number}/{len(drawn)} {known[mutant].outcome} {place} {took}\n")
        verdicts = {mutant: known[mutant] for mutant in drawn}
        blind = failing_without(copy, sorted({each.by for each in verdicts.values() if each.by}))
    for mutant, verdict in verdicts.items():
        if verdict.by in blind:
            sys.stderr.write(f"{verdict.by} fails without a mutant too: it kills nothing\n")
            verdicts[mutant] = Verdict("survived", all_run=False)
    return verdicts


if __name__ == "__main__":
    sys.exit(main())
