"""Puts a finished job of six stems into the site's database and folder: run as a program, with the
site's environment. What the stems sound like is told by ``sounds``, to the sample.
"""

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from jobs.models import Job, Source

STEMS = ("drums", "bass", "other", "vocals", "guitar", "piano")
TONES_HZ = (220.0, 277.2, 329.6, 392.0, 440.0, 523.3)
RATE_HZ = 44_100
SECONDS = 60
ACTIVITY_S = [[8.0, 20.0], [31.5, 44.0]]


def clicks() -> NDArray[np.float32]:
    """The same in all stems, at irregular distances: a stretch of it tells where it was taken."""
    random = np.random.default_rng(7)
    train = np.zeros(SECONDS * RATE_HZ, np.float32)
    at = 0
    while (at := at + int(RATE_HZ * random.uniform(0.08, 0.45))) < len(train) - 100:
        train[at : at + 60] += np.float32(random.choice([-0.5, 0.5])) * np.hanning(60)
    return train


def sounds(title: str) -> dict[str, NDArray[np.float32]]:
    time = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * time / 23)
    train = clicks()
    stems = {}
    for number, (name, hz) in enumerate(zip(STEMS, TONES_HZ, strict=True)):
        tone = 0.08 * np.sin(2 * np.pi * hz * time)
        if title == "Pretty.wav":
            tone *= swell * (1 + np.sign(np.sin(2 * np.pi * time * (number + 1) / 11 + number)))
        stems[name] = np.stack([train + tone] * 2).astype(np.float32)
    return stems


SPLIT = "Split.wav"
SPLIT_STEMS = ("drums", "vocals")
SPLIT_PARTS = {
    "drums__kick": ("drums", "details"),
    "drums__snare": ("drums", "details"),
    "vocals_denoised": ("vocals", "denoise"),
    "vocals__guitar": ("vocals", "details"),
    "vocals__strings": ("vocals", "details"),
}
"""By name: parent and stage. Those of the vocals overlap."""


def add_split(owner: "User") -> "Job":
    """A short song whose stems were split again."""
    from tests.factories import make_artifact, make_source, wav_bytes
    from tests.listening_files import write_listening

    time = np.arange(6 * RATE_HZ) / RATE_HZ
    tones = {
        name: np.stack([0.1 * np.sin(2 * np.pi * hz * time)] * 2).astype(np.float32)
        for name, hz in zip((*SPLIT_STEMS, *SPLIT_PARTS), range(220, 2_000, 110), strict=False)
    }
    stems = {name: tones[name] for name in SPLIT_STEMS}
    overlaps = {"splits": {"vocals": {"is_overlapping": True}}}
    manifest = {"stages": [{"name": "details", "details": overlaps}]}
    source = make_source(owner=owner, original_name=SPLIT, duration_s=6.0)
    job = add_result(source, stems, manifest=manifest)
    for name, (parent, stage) in SPLIT_PARTS.items():
        part = {"parent": parent, "stage_name": stage, "path": f"{stage}/{name}.wav"}
        make_artifact(job, name, content=wav_bytes(0.1), duration_s=6.0, **part)
    parts = {(name, parent): tones[name] for name, (parent, _) in SPLIT_PARTS.items()}
    write_listening(job.directory, stems, parts=parts)
    return job


def add_mixable(owner: "User", title: str) -> "Job":
    from tests.factories import make_source

    if title == SPLIT:
        return add_split(owner)
    source = make_source(owner=owner, original_name=title, duration_s=float(SECONDS))
    return add_result(source, sounds(title))


def add_result(
    source: "Source",
    stems: dict[str, NDArray[np.float32]],
    loudness_lufs: dict[str, float] | None = None,
    **fields: Any,
) -> "Job":
    """A finished job of ``source`` with what a mixer plays; its tracks are short files."""
    from tests.factories import make_artifact, make_job, wav_bytes
    from tests.listening_files import write_listening

    job = make_job(owner=source.owner, source=source, status="completed", **fields)
    for name, sound in stems.items():
        values = {"duration_s": sound.shape[1] / RATE_HZ, "frames": sound.shape[1]}
        level = (loudness_lufs or {}).get(name)
        make_artifact(job, name, content=wav_bytes(0.1), loudness_lufs=level, **values)
    write_listening(job.directory, stems, {"vocals": ACTIVITY_S} if "vocals" in stems else {})
    return job


def main(username: str, title: str) -> None:
    import django

    django.setup()
    from tests.factories import make_user

    sys.stdout.write(str(add_mixable(make_user(username), title).pk))


if __name__ == "__main__":
    main(*sys.argv[1:])
