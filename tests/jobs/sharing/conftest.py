"""A song of three stems whose owner, name and stems can be told apart in any answer."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from jobs.models import Job
from jobs.services.sharing import NewLink, create_link
from tests.factories import make_artifact, make_job, make_source, make_user
from tests.listening_files import write_listening

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User

STEMS = ("drums", "vocals", "piano")


@pytest.fixture
def ella(db: None) -> "User":
    return make_user("ella-marchetti")


@pytest.fixture
def job(ella: "User") -> Job:
    source = make_source(owner=ella, original_name="Harbour Lights.flac", title="Tagged title")
    job = make_job(owner=ella, source=source, status="completed", manifest={"version": "2.0"})
    random = np.random.default_rng(3)
    sounds = {name: random.normal(0, 0.1, (2, 44_100)).astype(np.float32) for name in STEMS}
    for name in (*STEMS, "residual"):
        make_artifact(job, name)
    write_listening(job.directory, sounds, {"vocals": [[0.2, 0.8]]})
    return job


@pytest.fixture
def share(job: Job, ella: "User") -> "Callable[..., NewLink]":
    """Makes a link to the drums and the vocals, unless told otherwise."""

    def make(**choices: object) -> NewLink:
        values: dict[str, Any] = {"stems": ["drums", "vocals"], **choices}
        return create_link(job=job, created_by=ella, **values)

    return make
