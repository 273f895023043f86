"""Puts two finished jobs of one song into the site's database and folder: run as a program, with
the site's environment. Both hold the same clicks at the same places; every stem of either has a
tone of its own.
"""

import sys

import numpy as np
from numpy.typing import NDArray

from tests.browser.mixable import RATE_HZ, add_result, clicks

SECONDS = 12
TONES_HZ = (
    {"drums": 220.0, "vocals": 293.7, "guitar": 349.2},
    {"drums": 261.6, "vocals": 440.0},
)
"""Of A and of B, which has no guitar."""

LOUDNESS_LUFS = ({"vocals": -20.0}, {"vocals": -14.0})


def sounds(side: int) -> dict[str, NDArray[np.float32]]:
    time = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    train = clicks()[: len(time)]
    tones = {name: 0.08 * np.sin(2 * np.pi * hz * time) for name, hz in TONES_HZ[side].items()}
    return {
        name: np.stack([0.6 * train + tone] * 2).astype(np.float32) for name, tone in tones.items()
    }


def main(username: str) -> None:
    import django

    django.setup()
    from tests.factories import make_source, make_user

    source = make_source(owner=make_user(username), duration_s=float(SECONDS))
    jobs = [add_result(source, sounds(side), LOUDNESS_LUFS[side]) for side in (0, 1)]
    sys.stdout.write(" ".join(str(job.pk) for job in jobs))


if __name__ == "__main__":
    main(*sys.argv[1:])
