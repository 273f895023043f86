"""A finished song whose drums were split again, and whose vocals exist with less noise too."""

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from django.test import Client
from numpy.typing import NDArray
from rest_framework.test import APIClient

from jobs.models import Job
from tests.factories import make_artifact, make_job, make_source
from tests.listening_files import write_listening

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RATE_HZ = 44_100
FRAMES = RATE_HZ // 2
STEMS = ("drums", "vocals")
PARTS = {"drums__kick": "drums", "drums__snare": "drums", "vocals_denoised": "vocals"}

Sounds = dict[str, NDArray[np.float32]]


@pytest.fixture(scope="session")
def sounds() -> Sounds:
    random = np.random.default_rng(5)
    made = {}
    for name in (*STEMS, *PARTS):
        noise = random.normal(0, 3000, (2, FRAMES)).clip(-10_000, 10_000)
        made[name] = (np.round(noise) / 2**15).astype(np.float32)
    made["drums"] = made["drums__kick"] + made["drums__snare"]
    return made


@pytest.fixture
def job(owner: "User", sounds: Sounds) -> Job:
    source = make_source(owner=owner, original_name="Harbour Lights.flac")
    job = make_job(owner=owner, source=source, status="completed")
    for name, sound in sounds.items():
        file = io.BytesIO()
        soundfile.write(file, sound.T, RATE_HZ, format="WAV", subtype="PCM_16")
        parent = PARTS.get(name, "")
        folder = f"details/{parent}" if "__" in name else "denoised" if parent else "fake_output"
        stage = {"fake_output": "separation", "denoised": "denoise"}.get(folder, "details")
        make_artifact(
            job,
            name,
            content=file.getvalue(),
            path=f"{folder}/{name.partition('__')[2] or parent or name}.wav",
            stage_name=stage,
            parent=parent,
            frames=FRAMES,
            duration_s=0.5,
        )
    parts = {(name, parent): sounds[name] for name, parent in PARTS.items()}
    write_listening(job.directory, {name: sounds[name] for name in STEMS}, parts=parts)
    return job


@pytest.fixture
def member(client: Client, owner: "User") -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def api(owner: "User") -> APIClient:
    client = APIClient()
    client.force_authenticate(owner)
    return client
