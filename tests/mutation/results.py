"""What is known of each mutant, in a file of one line each, so that a run can go on later."""

import collections
import dataclasses
import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.mutation.mutants import Mutant, mutated
from tests.mutation.trial import Verdict

Verdicts = Mapping[Mutant, Verdict]
OUTCOMES = ("killed", "survived", "timed_out")


def read(path: Path) -> dict[Mutant, Verdict]:
    """The last verdict of each mutant. A line that a kill has cut short is left out."""
    found = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        found[Mutant(**entry["mutant"])] = Verdict(**entry["verdict"])
    return found


def add(path: Path, mutant: Mutant, verdict: Verdict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {"mutant": dataclasses.asdict(mutant), "verdict": dataclasses.asdict(verdict)}
    with path.open("a") as file:
        # Behind a line that was cut short, too, this one stands alone.
        file.write("\n" + json.dumps(entry))


def report(root: Path, verdicts: Verdicts) -> str:
    """A table of the modules, then every mutant that no test has noticed."""
    lines = [*_table(verdicts), ""]
    for mutant, verdict in verdicts.items():
        if verdict.outcome == "survived":
            lines += [*_survivor(root, mutant, verdict), ""]
    return "\n".join(lines)


def _table(verdicts: Verdicts) -> list[str]:
    by_module: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for mutant, verdict in verdicts.items():
        by_module[mutant.module][verdict.outcome] += 1
    total = sum(by_module.values(), collections.Counter())
    width = max(map(len, ["all", *by_module]))
    rows = [*sorted(by_module.items()), ("all", total)]
    heads = [f"{'':{width}}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES)]
    body = [f"{name:{width}}{_cells(counts)}" for name, counts in rows]
    share = total["survived"] / max(sum(total.values()), 1)
    return [*heads, *body, f"{share:.1%} of {sum(total.values())} survived"]


def _cells(counts: Mapping[str, int]) -> str:
    return "".join(f"{counts.get(outcome, 0):>11}" for outcome in OUTCOMES)


def _survivor(root: Path, mutant: Mutant, verdict: Verdict) -> Iterable[str]:
    name = mutant.operator.rpartition("/")[2]
    short = "" if verdict.all_run else " (the time was over before all its tests had run)"
    yield f"survived: {mutant.module}:{mutant.line} {name} {mutant.occurrence}{short}"
    before = (root / mutant.module).read_text(encoding="utf-8").splitlines()
    after = (mutated(root, mutant) or "").splitlines()
    for line in list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]:
        yield f"  {line}"
