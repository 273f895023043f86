"""A finished song of three stems whose sound is known to the sample."""

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from jobs.models import Job
from tests.factories import make_artifact, make_job, make_source
from tests.listening_files import write_listening

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RATE_HZ = 44_100
FRAMES = RATE_HZ

Sounds = dict[str, NDArray[np.float32]]


@pytest.fixture(scope="session")
def sounds() -> Sounds:
    random = np.random.default_rng(5)
    steps = {name: random.normal(0, 3000, (2, FRAMES)) for name in ("drums", "vocals", "piano")}
    # In whole steps of 16 bits, so that the files hold these very values.
    return {
        name: (np.round(sound.clip(-10_000, 10_000)) / 2**15).astype(np.float32)
        for name, sound in steps.items()
    }


@pytest.fixture
def job(owner: "User", sounds: Sounds) -> Job:
    source = make_source(owner=owner, original_name="Harbour Lights.flac")
    job = make_job(owner=owner, source=source, status="completed")
    for name, sound in sounds.items():
        file = io.BytesIO()
        soundfile.write(file, sound.T, RATE_HZ, format="WAV", subtype="PCM_16")
        make_artifact(job, name, content=file.getvalue(), frames=FRAMES, duration_s=1.0)
    make_artifact(job, "residual")
    write_listening(job.directory, sounds)
    return job
