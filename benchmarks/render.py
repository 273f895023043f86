"""The table of ``docs/performance.md`` from the kept results: ``python benchmarks/render.py``.

Takes the latest line of each benchmark in ``benchmarks/out/results.jsonl``, where it knows
precisions the latest of each, and writes what lies between the two marks in the document; lengths
that ``memory.py`` measured one by one come together. A figure that was not measured says so.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common

DOCUMENT = common.ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
MISSING = "not measured"

Lines = Mapping[str, dict[str, Any]]


def latest() -> dict[str, dict[str, Any]]:
    if not common.RESULTS.exists():
        return {}
    found: dict[str, dict[str, Any]] = {}
    for text in common.RESULTS.read_text().splitlines():
        line = json.loads(text)
        for subject in _subjects(line):
            found[subject] = _with_lengths(line, found.get(subject, {}))
    return found


def _subjects(line: dict[str, Any]) -> list[str]:
    """A row of its own for each precision that a line tells of."""
    name = str(line["benchmark"])
    if name == "separation":
        return [f"{name} {precision}" for precision in common.PRECISIONS if precision in line]
    if name == "memory":
        return [f"{name} {line['precision']}"]
    if name == "pipeline":
        return [f"{name} {'exact' if line['ran_in'] == 'float32' else 'fast'}"]
    return [name]


def _with_lengths(line: dict[str, Any], earlier: dict[str, Any]) -> dict[str, Any]:
    if line["benchmark"] != "memory":
        return line
    names = ("peak_mb", "demucs_peak_mb")
    return {**line, **{name: {**earlier.get(name, {}), **line[name]} for name in names}}


def _separation(line: dict[str, Any], precision: str) -> str:
    one = line[precision]
    return (
        f"{one['warm_ratio']} warm, {one['started_ratio']} with start-up; error {one['error']:.1e} "
        f"({one['error_db']} dB); {one['engine']}, {one['ran_in']}; {line['song_s']:g} s, "
        f"{line['repeats']} pairs"
    )


def _memory(line: dict[str, Any]) -> str:
    peaks = line["peak_mb"].values()
    spread = max(peaks) / min(peaks) - 1
    return (
        f"{_listed(line['peak_mb'])} (spread {100 * spread:.1f} %); "
        f"demucs {_listed(line['demucs_peak_mb']) or MISSING}"
    )


def _listed(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{length}: {mb:g} MB" for length, mb in figures.items())


def _hpss(line: dict[str, Any]) -> str:
    return (
        f"{line['ratio']:.3f}; {line['peak_mb']} MB against {line['librosa_peak_mb']} MB; "
        f"error {line['relative_error']:.1e}; {line['song_s']:g} s"
    )


def _pipeline(line: dict[str, Any]) -> str:
    stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in line["seconds"].items())
    return (
        f"{100 * line['other_share']:.0f} % ({line['engine']}, {line['ran_in']}); seconds: {stages}"
        f"; {line['song_s']:g} s of audio"
    )


def _latency(line: dict[str, Any]) -> str:
    first, later = line["first_job"], line["later_jobs"]
    return (
        f"first job {first['first_segment_s']} s, later {later['first_segment_s']} s "
        f"({line['engine']}, {line['ran_in']})"
    )


def _portal(line: dict[str, Any]) -> str:
    later = line["later_jobs"]
    stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in later["stages_s"].items())
    return (
        f"{later['playable_s']} s, done after {later['total_s']} s ({stages}), "
        f"{later['times_real_time']} times real time; preview {line['previews']['playable_s']} s; "
        f"first job of a process {line['first_job']['playable_s']} s "
        f"({line['model']}, {line['song_s']:g} s of audio)"
    )


def _gpu(line: dict[str, Any]) -> str:
    if "result" in line:
        return f"{MISSING}: {line['result']}"
    sides = (
        f"{side} {line[side]['times_real_time']} x, {line[side]['peak_mb']} MB"
        for side in ("demucs", *common.PRECISIONS)
    )
    return f"{'; '.join(sides)} ({line['gpu']})"


def _uploads(line: dict[str, Any]) -> str:
    sides = (
        f"{name} {line[side]['mb_per_s']:g} MB/s, {line[side]['times_direct']:g} times as long as "
        f"past the gateway, {_resident(line[side])}"
        for side, name in (("put", "PUT"), ("tus", "tus"))
    )
    return f"{'; '.join(sides)}; {line['megabytes']} MB"


def _uploads_at_once(line: dict[str, Any]) -> str:
    rounds = line["at_once"]
    polls, failed = (sum(one[name] for one in rounds) for name in ("polls", "polls_failed"))
    return (
        f"{'; '.join(_resident(one) for one in rounds)}; {polls} polls, {failed} failed; "
        f"{rounds[0]['uploads']} uploads at once, {line['megabytes']} MB together"
    )


def _resident(one: dict[str, Any]) -> str:
    return f"{one['resident_before_mb']} -> {one['resident_peak_mb']} MB"


def _slow_connections(line: dict[str, Any]) -> str:
    p95 = [
        f"{line[name]['p95_s']} s {words}"
        for name, words in (
            ("alone", "alone"),
            ("one_address", "beside those of one address"),
            ("many_addresses", "beside those of 400 addresses"),
        )
    ]
    return f"{', '.join(p95)}; {line['count']} of each kind, {line['requests']} requests"


ROWS: tuple[tuple[str, str, str, Callable[[dict[str, Any]], str]], ...] = (
    (
        "separation exact",
        "`separation.py`: time by that of the demucs command line, exact",
        "<= 0.42",
        lambda line: _separation(line, "exact"),
    ),
    (
        "separation fast",
        "the same, fast",
        "<= 0.27, error <= -45 dB",
        lambda line: _separation(line, "fast"),
    ),
    (
        "memory exact",
        "`memory.py`: peak of the runner by length, exact",
        "<= 1.6 GB, within 10 %",
        _memory,
    ),
    ("memory fast", "the same, fast", "<= 1.6 GB, within 10 %", _memory),
    ("hpss", "`hpss.py`: time by librosa's", "<= 0.1, error <= 1e-4", _hpss),
    (
        "pipeline exact",
        "`pipeline.py`: all but the network, by the separation, exact",
        "<= 15 %",
        _pipeline,
    ),
    ("pipeline fast", "the same, fast", "<= 15 %", _pipeline),
    ("latency", "`latency.py`: to the first segment", "-", _latency),
    (
        "portal",
        "`portal.py`: from sending a song to stems in the mixer",
        "<= 15 s, preview <= 4 s",
        _portal,
    ),
    ("gpu", "`gpu.py`: times real time", "-", _gpu),
    (
        "uploads",
        "`uploads.py`: throughput on loopback, memory of gateway and gunicorn",
        "-",
        _uploads,
    ),
    ("uploads", "the same, many beside as many clients that poll", "flat", _uploads_at_once),
    (
        "slow_connections",
        "`slow_connections.py`: p95 of a normal user's requests",
        "< 1 s",
        _slow_connections,
    ),
)


def table(lines: Lines) -> str:
    rows = ["| benchmark | goal | measured |", "| --- | --- | --- |"]
    for name, about, goal, words in ROWS:
        try:
            measured = words(lines[name])
        except KeyError:
            measured = MISSING
        rows.append(f"| {about} | {goal} | {measured} |")
    return "\n".join([*rows, "", *_conditions(lines)])


def _conditions(lines: Lines) -> list[str]:
    """One sentence for each machine that the figures were taken on."""
    said: dict[str, list[str]] = {}
    for name, line in lines.items():
        machine = line["machine"]
        versions = ", ".join(
            f"{k} {machine[k]}" for k in ("torch", "openvino", "demucs", "librosa")
        )
        words = (
            f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
            f"{machine['system']}, Python {machine['python']}, {versions}"
        )
        shared = f", load {machine['load']} before it" if machine["load"] > 0.5 else ""
        said.setdefault(words, []).append(f"{name} ({line['at'][:10]}{shared})")
    return [f"On {words}: {', '.join(names)}." for words, names in said.items()]


def main() -> None:
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table(latest())}\n{END}{after}")


if __name__ == "__main__":
    main()
