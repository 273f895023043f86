"""A program asks for a mix; and no more are made at once than the site can bear."""

import hashlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.errors import MixBusy
from jobs.models import Job
from jobs.services import mixing
from tests.factories import make_job
from tests.jobs.mixing.conftest import FRAMES, RATE_HZ, Sounds

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@pytest.fixture
def api(owner: "User") -> APIClient:
    client = APIClient()
    client.force_authenticate(owner)
    return client


def ask(api: APIClient, job: Job, choices: Any) -> Any:
    return api.post(f"/api/v1/jobs/{job.pk}/mix", choices, format="json")


def test_a_mix_comes_as_the_answer_in_the_format_that_was_asked_for(
    api: APIClient, job: Job, sounds: Sounds
) -> None:
    choices = {
        "stems": [{"name": "drums", "gain_db": -6}, {"name": "piano", "mute": True}],
        "format": "flac24",
    }
    answer = ask(api, job, choices)
    assert answer.status_code == 200 and answer["Content-Type"] == "audio/flac"
    sound, _ = soundfile.read(io.BytesIO(answer.getvalue()))
    assert np.abs(sound.T - 10 ** (-6 / 20) * sounds["drums"]).max() < 1e-6


def test_a_bad_choice_has_the_code_of_all_bad_choices(api: APIClient, job: Job) -> None:
    answer = ask(api, job, {"karaoke": "without", "speed": 2})
    assert (answer.status_code, answer.data["code"]) == (400, "invalid_options")


def test_a_job_that_is_not_finished_is_a_conflict(api: APIClient, owner: "User") -> None:
    answer = ask(api, make_job(owner=owner), {"karaoke": "without"})
    assert (answer.status_code, answer.data["code"]) == (409, "conflict")


def test_strangers_find_no_job_and_nobody_without_a_token(stranger: "User", job: Job) -> None:
    client = APIClient()
    assert ask(client, job, {"karaoke": "without"}).status_code == 401
    client.force_authenticate(stranger)
    assert ask(client, job, {"karaoke": "without"}).status_code == 404


def test_a_second_mix_of_the_same_account_waits_for_the_first(
    api: APIClient, job: Job, owner: "User"
) -> None:
    with mixing._turn(owner.pk):
        answer = ask(api, job, {"karaoke": "without"})
    assert (answer.status_code, answer.data["code"]) == (503, "mix_busy")
    assert "of yours" in answer.data["detail"]


def test_no_more_mixes_are_made_at_once_than_the_site_allows(settings: Settings) -> None:
    settings.MIXES_AT_ONCE = 1
    with mixing._turn(1), pytest.raises(MixBusy, match="other mixes"), mixing._turn(2):
        pass
    with mixing._turn(2):
        pass


def test_a_process_that_breaks_tells_the_operator_why_and_the_person_that_it_did(
    api: APIClient, job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    drums, broken = job.artifacts.get(name="drums"), b"RIFF, but no sound"
    drums.file.write_bytes(broken)
    digest = hashlib.sha256(broken).hexdigest()
    job.artifacts.filter(pk=drums.pk).update(size_bytes=len(broken), sha256=digest)
    answer = ask(api, job, {"karaoke": "without"})
    assert (answer.status_code, answer.data["code"]) == (500, "mix_failed")
    assert "LibsndfileError" in caplog.text and str(job.pk) in caplog.text
    assert "drums.wav" not in answer.data["detail"]


def test_what_the_process_refuses_reaches_the_person_by_its_name(api: APIClient, job: Job) -> None:
    """A sound without numbers, as a broken model of long ago may have left it."""
    drums, file = job.artifacts.get(name="drums"), io.BytesIO()
    soundfile.write(file, np.full((FRAMES, 2), np.nan), RATE_HZ, format="WAV", subtype="FLOAT")
    drums.file.write_bytes(file.getvalue())
    digest = hashlib.sha256(file.getvalue()).hexdigest()
    job.artifacts.filter(pk=drums.pk).update(size_bytes=len(file.getvalue()), sha256=digest)
    answer = ask(api, job, {"karaoke": "without", "format": "wav32f"})
    assert (answer.status_code, answer.data["code"]) == (500, "output_invalid")
