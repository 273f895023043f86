"""The owner takes a mix home from the job's page: karaoke without any script."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from numpy.typing import NDArray
from pytest_django.fixtures import Settings

from jobs.http.throttles import MixThrottle
from jobs.models import Job
from tests.factories import make_artifact, make_job
from tests.jobs.mixing.conftest import Sounds

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@pytest.fixture
def member(client: Client, owner: "User") -> Client:
    client.force_login(owner)
    return client


def ask(client: Client, job: Job, **form: str) -> Any:
    return client.post(reverse("jobs:mix", args=[job.pk]), {"format": "wav32f", **form})


def sound_of(answer: HttpResponseBase) -> NDArray[np.float32]:
    assert answer.status_code == 200
    content = answer.getvalue()
    assert answer["Content-Length"] == str(len(content))
    sound, _ = soundfile.read(io.BytesIO(content), dtype="float32")
    return sound.T


def said(client: Client, job: Job, **form: str) -> str:
    answer = ask(client, job, **form)
    assert answer.status_code == 302
    return client.get(answer["Location"]).content.decode()


def test_karaoke_is_one_plain_button_and_holds_no_vocals(
    member: Client, job: Job, sounds: Sounds, site_paths: Path
) -> None:
    page = member.get(reverse("jobs:detail", args=[job.pk])).content.decode()
    form = page[page.index(f'action="{reverse("jobs:mix", args=[job.pk])}"') :].split("</form>")[0]
    assert '<button class="button button--quiet" name="karaoke" value="without">' in form
    answer = ask(member, job, karaoke="without")
    assert 'filename="Harbour Lights - karaoke.wav"' in answer["Content-Disposition"]
    assert np.abs(sound_of(answer) - sounds["drums"] - sounds["piano"]).max() < 1e-6
    assert list((site_paths / "tmp").iterdir()) == []


def test_on_request_the_vocals_stay_12_db_down(member: Client, job: Job, sounds: Sounds) -> None:
    found = sound_of(ask(member, job, karaoke="quiet"))
    wanted = sounds["drums"] + sounds["piano"] + 10 ** (-12 / 20) * sounds["vocals"]
    assert np.abs(found - wanted).max() < 1e-6


def test_the_two_kinds_of_karaoke_have_names_of_their_own(member: Client, job: Job) -> None:
    names = [ask(member, job, karaoke=kind)["Content-Disposition"] for kind in ("without", "quiet")]
    assert 'filename="Harbour Lights - karaoke.wav"' in names[0]
    assert 'filename="Harbour Lights - karaoke with quiet vocals.wav"' in names[1]


def test_what_the_mixer_plays_is_what_comes(member: Client, job: Job, sounds: Sounds) -> None:
    mix = {
        "stems": [{"name": "vocals", "gain_db": -6, "pan": 1.0}],
        "gain_db": -6,
        "start_s": 0.25,
        "end_s": 0.75,
    }
    found = sound_of(ask(member, job, mix=json.dumps(mix)))
    piece = sounds["vocals"][:, 11_025:33_075] * 10 ** (-12 / 20)
    assert np.abs(found[1] - piece.sum(axis=0)).max() < 1e-5
    assert np.abs(found[0]).max() < 1e-6


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "did not say which mix"),
        ({"mix": "[" * 5000}, "did not say which mix"),
        ({"mix": "[1]"}, "did not say which mix"),
        ({"mix": '{"stems": [{"name": "residual"}]}'}, "no stem &#x27;residual&#x27; to mix"),
        ({"mix": '{"stems": [{"name": "drums"}], "start_s": 5}'}, "which is 1.0 s long"),
        ({"mix": '{"stems": [{"name": "drums"}], "speed": 9}'}, "speed: "),
        ({"karaoke": "loud"}, "karaoke: "),
        ({"karaoke": "without", "format": "aiff"}, "format: "),
    ],
)
def test_what_cannot_be_mixed_is_named_on_the_page(
    member: Client, job: Job, form: dict[str, str], words: str
) -> None:
    assert words in said(member, job, **form)


def test_a_stranger_learns_nothing_and_a_visitor_has_to_log_in(
    client: Client, stranger: "User", job: Job
) -> None:
    assert reverse("account_login") in ask(client, job, karaoke="without")["Location"]
    client.force_login(stranger)
    assert ask(client, job, karaoke="without").status_code == 404


def test_a_form_of_another_site_makes_no_mix(owner: "User", job: Job) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert ask(client, job, karaoke="without").status_code == 403


def test_a_job_without_stems_has_no_form_and_says_so(member: Client, owner: "User") -> None:
    job = make_job(owner=owner, status="completed")
    make_artifact(job, "harmonic", stage_name="harmonic_percussive")
    assert "data-mix" not in member.get(reverse("jobs:detail", args=[job.pk])).content.decode()
    assert "this job has none" in said(member, job, karaoke="without")


def test_deleted_audio_cannot_be_mixed(member: Client, job: Job) -> None:
    job.audio_deleted_at = timezone.now()
    job.save(update_fields=["audio_deleted_at"])
    assert ask(member, job, karaoke="without").status_code == 410


def test_a_stem_whose_file_is_gone_is_not_left_out_in_silence(member: Client, job: Job) -> None:
    job.artifacts.get(name="piano").file.unlink()
    assert "damaged or missing" in said(member, job, karaoke="without")


def test_what_takes_too_long_is_given_up_and_leaves_nothing(
    member: Client, job: Job, settings: Settings, site_paths: Path
) -> None:
    settings.MIX_S = 0.05
    assert "longer than the 0.05 seconds" in said(member, job, karaoke="without")
    assert list((site_paths / "tmp").iterdir()) == []


def test_a_full_disk_is_noticed_before_anything_is_made(
    member: Client, job: Job, settings: Settings
) -> None:
    settings.MIN_FREE_BYTES = 2**62
    assert "no room for a mix" in said(member, job, karaoke="without")


def test_what_a_mix_needs_must_be_free_besides_what_stays_free(
    member: Client, job: Job, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIN_FREE_BYTES = 1000
    disk = SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=1001))
    monkeypatch.setattr("jobs.services.mixing.shutil", disk)
    assert "no room for a mix" in said(member, job, karaoke="without")


def test_one_account_makes_no_more_mixes_than_it_may(
    member: Client, job: Job, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(MixThrottle, "THROTTLE_RATES", {"mix": "1/hour"})
    settings.MIN_FREE_BYTES = 2**62
    assert "no room" in said(member, job, karaoke="without")
    assert "many mixes in a short time" in said(member, job, karaoke="without")
