"""How long a person waits for the first sign of work from a warm runner.

``python benchmarks/latency.py [--seconds 30] [--repeats 3] [--precision fast]``. Seconds from
submitting a job to the event that tells of its first separated segment (events come at most every
0.5 s), for the first job, which loads the model, and for those after it (median).
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common


def main() -> None:
    parser = common.arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--precision", choices=common.PRECISIONS)
    options = parser.parse_args()
    song = common.song_of(options.seconds)
    common.model_repository()
    runs = []
    with common.warm_runner(options.precision) as runner:
        for _ in range(1 + options.repeats):
            runs.append(common.run_job(runner, song, stages=("separation",)))
            shutil.rmtree(runs[-1].folder)
    details = runs[-1].details["separation"]
    common.emit(
        "latency",
        {
            "song_s": options.seconds,
            "repeats": options.repeats,
            "engine": details["engine"],
            "ran_in": details["precision"],
            "first_job": _figures(runs[:1]),
            "later_jobs": _figures(runs[1:]),
        },
    )


def _figures(runs: list[common.JobTimes]) -> dict[str, float]:
    return {
        "first_segment_s": common.median([run.first_segment_s for run in runs]),
        "whole_job_s": common.median([run.total_s for run in runs]),
    }


if __name__ == "__main__":
    main()
