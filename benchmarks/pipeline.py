"""Seconds of each stage of a whole job, and what is not the network.

``python benchmarks/pipeline.py [--seconds 180] [--song FILE] [--precision fast] [--repeats 3]``.
All stages on, 24-bit WAV, in a runner that has the model loaded. ``other_share``: seconds of
everything else by those of the separation.
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import common


def main() -> None:
    parser = common.arguments(__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--song", type=Path)
    parser.add_argument("--precision", choices=common.PRECISIONS)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    song = (options.song or common.song_of(options.seconds)).resolve()
    common.model_repository()
    runs = []
    with common.warm_runner(options.precision) as runner:
        shutil.rmtree(common.run_job(runner, common.song_of(10), stages=("separation",)).folder)
        for _ in range(options.repeats):
            runs.append(common.run_job(runner, song))
            shutil.rmtree(runs[-1].folder)
    details = runs[-1].details["separation"]
    network = [run.details["separation"]["seconds"] for run in runs]
    total = [run.total_s for run in runs]
    common.emit(
        "pipeline",
        {
            "song_s": common.seconds_of(song),
            "repeats": options.repeats,
            "engine": details["engine"],
            "ran_in": details["precision"],
            "seconds": {
                stage: common.median([run.stages[stage] for run in runs])
                for stage in runs[0].stages
            },
            "total_s": common.median(total),
            "separating_s": common.median(network),
            "other_share": common.median(
                [(t - n) / n for t, n in zip(total, network, strict=True)], 3
            ),
        },
    )


if __name__ == "__main__":
    main()
