from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from jobs.models import Job, Source
from tests.factories import make_artifact, make_job, make_source
from tests.listening_files import write_listening

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RESULT = Callable[..., Job]


@pytest.fixture
def source(owner: "User") -> Source:
    return make_source(owner=owner)


@pytest.fixture
def result(source: Source) -> RESULT:
    """Makes a finished job with something to hear: of ``source``, by ``separator model``."""

    def make(
        made_with: str = "demucs htdemucs",
        *,
        stems: tuple[str, ...] = ("drums", "vocals"),
        seconds: float = 0.25,
        artifacts: dict[str, Any] | None = None,
        manifest: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Job:
        separator, _, model = made_with.partition(" ")
        ran = {"separation": {"separator": separator, "model": model}}
        values = {"owner": fields.get("source", source).owner, "source": source, **fields}
        job = make_job(**{"status": "completed", **values}, manifest={**ran, **(manifest or {})})
        random = np.random.default_rng(3)
        length = round(seconds * 44_100)
        sounds = {name: random.normal(0, 0.1, (2, length)).astype(np.float32) for name in stems}
        for name in sounds:
            make_artifact(job, name, **(artifacts or {}))
        if sounds:
            write_listening(job.directory, sounds)
        return job

    return make
