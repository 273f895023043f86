"""A job on its way, in the steps that a worker would write: a process with the site's environment,
which is given one line of JSON for each step and answers with another. ``begin`` says the job's
address; ``playable`` and ``complete`` follow when the test says so.
"""

import json
import sys
from collections.abc import Callable

import numpy as np

RATE_HZ = 44_100
SECONDS = 20
STEMS = {"drums": 220.0, "bass": 277.2, "vocals": 392.0}
PREVIEW_GAIN_DB = -6.0
EXPECTED_GAIN_DB = 6.0
FILE_GAIN_DB = -3.0
"""Of the files in the end, so that a player that is right plays 3 dB above the previews."""


def begin(username: str, state: str = "separated") -> str:
    from jobs.models.job import HELD_UNTIL
    from tests.factories import make_job, make_source, make_user

    source = make_source(
        owner=make_user(username), original_name="Early.wav", duration_s=float(SECONDS)
    )
    stages = {"prepare": "completed", "separation": "completed", "listening": "processing"}
    # Held, so that the site's worker leaves it alone.
    job = make_job(owner=source.owner, source=source, stages=stages, not_before=HELD_UNTIL)
    address = f"/jobs/{job.pk}/"
    if state == "playable":
        playable(address)
    return address


def playable(address: str) -> None:
    from jobs.models import Job
    from tests.listening_files import write_listening

    time = np.arange(SECONDS * RATE_HZ) / RATE_HZ
    sounds = {
        name: np.stack([0.2 * np.sin(2 * np.pi * hz * time)] * 2).astype(np.float32)
        for name, hz in STEMS.items()
    }
    job = Job.objects.get(pk=address.split("/")[2])
    write_listening(
        job.directory, sounds, preview_gain_db=PREVIEW_GAIN_DB, gain_db=EXPECTED_GAIN_DB
    )
    job.stages.filter(name="listening").update(status="completed")


def complete(address: str, status: str) -> None:
    from django.db import transaction
    from django.utils import timezone

    from jobs.models import Job
    from tests.factories import make_artifact, wav_bytes

    job = Job.objects.get(pk=address.split("/")[2])
    with transaction.atomic():
        for name in STEMS if status == "completed" else ():
            length = {"duration_s": float(SECONDS), "frames": SECONDS * RATE_HZ}
            make_artifact(job, name, content=wav_bytes(0.1), gain_db=FILE_GAIN_DB, **length)
        Job.objects.filter(pk=job.pk).update(status=status, completed_at=timezone.now())


def main() -> None:
    import django

    django.setup()
    steps: dict[str, Callable[..., str | None]] = {
        "begin": begin,
        "playable": playable,
        "complete": complete,
    }
    for line in sys.stdin:
        step, *arguments = json.loads(line)
        sys.stdout.write(json.dumps(steps[step](*arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
