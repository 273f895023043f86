"""How the mixer was left is kept for the account: checked, bounded, and nobody else's business."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Job, MixerState
from jobs.services.account.account_deletion import close_account
from jobs.services.job.delete import delete_job
from jobs.services.listening.index import listening_of
from jobs.services.mixer_state import HIGHEST, save_mixer_state
from tests.factories import make_job
from tests.listening_files import write_listening

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from tests.jobs.mixing.conftest import Sounds

LEFT = {
    "stems": {"drums": {"volume": 0.5, "pan": -0.25, "solo": False, "mute": True, "open": ""}},
    "master": 0.75,
    "swapped": False,
    "speed": 0.8,
    "loop": {"start_s": 0.25, "end_s": 0.75, "is_on": True},
    "view": {"start_s": 0.0, "end_s": 0.5},
    "position_s": 0.4,
}


@pytest.fixture
def member(client: Client, owner: "User") -> Client:
    client.force_login(owner)
    return client


def address(job: Job) -> str:
    return f"/jobs/{job.pk}/mixer-state/"


def save(client: Client, job: Job, **changes: Any) -> Any:
    return client.post(address(job), {"state": json.dumps({**LEFT, **changes})})


def kept(client: Client, job: Job) -> Any:
    return client.get(f"/jobs/{job.pk}/mixer.json").json()["state"]


def listening(job: Job) -> Any:
    found = listening_of(job)
    assert found is not None
    return found


def test_a_mixer_opens_as_its_owner_left_it_on_any_device(
    member: Client, owner: "User", job: Job
) -> None:
    assert kept(member, job) is None
    assert save(member, job).status_code == 204
    phone = Client()
    phone.force_login(owner)
    assert kept(phone, job) == kept(member, job) == LEFT


def test_whoever_saves_last_wins_and_one_row_is_kept(member: Client, job: Job) -> None:
    save(member, job)
    save(member, job, speed=1.25)
    assert kept(member, job)["speed"] == 1.25
    assert MixerState.objects.count() == 1


def test_a_state_that_was_overtaken_on_its_way_changes_nothing(member: Client, job: Job) -> None:
    save(member, job, page="ab", number=2, speed=0.6)
    assert save(member, job, page="ab", number=1, speed=0.7).status_code == 204
    assert kept(member, job)["speed"] == 0.6
    save(member, job, page="cd", number=1, speed=0.9)
    assert kept(member, job)["speed"] == 0.9, "another page counts for itself"


def test_stems_that_the_song_lacks_and_fields_that_nobody_knows_are_not_kept(
    member: Client, job: Job
) -> None:
    stems = {"vocals": {"solo": True, "colour": "red"}, "kazoo": {"mute": True}}
    save(member, job, stems=stems, tune=440)
    told = kept(member, job)
    assert set(told) == set(LEFT) and list(told["stems"]) == ["vocals"]
    assert told["stems"]["vocals"] == {
        "volume": 1.0, "pan": 0.0, "solo": True, "mute": False, "open": "",
    }  # fmt: skip


def test_numbers_out_of_range_become_the_nearest_in_it(member: Client, job: Job) -> None:
    save(
        member,
        job,
        stems={"drums": {"volume": 9, "pan": -9}},
        master=-1,
        speed=99,
        loop={"start_s": -5, "end_s": 9000, "is_on": False},
        view={"start_s": 0.9, "end_s": 0.1},
        position_s=1e300,
    )
    told = kept(member, job)
    drums = told["stems"]["drums"]
    assert (drums["volume"], drums["pan"]) == (HIGHEST, -1.0)
    assert (told["master"], told["speed"], told["position_s"]) == (0.0, 1.5, 1.0)
    assert told["loop"] == {"start_s": 0.0, "end_s": 1.0, "is_on": False}
    assert told["view"] is None, "nothing lies between its ends"


def test_the_ends_of_the_sliders_are_those_of_the_page() -> None:
    script = Path(site.BASE_DIR, "static/js/mixer/desk.js").read_text()
    assert re.search(r"HIGHEST = ([\d.]+);", script)[1] == str(HIGHEST)  # type: ignore[index]
    script = Path(site.BASE_DIR, "static/js/mixer/state.js").read_text()
    ends = re.findall(r"(?:SLOWEST|FASTEST) = ([\d.]+);", script)
    slider = 'min="{}" max="{}" step="0.05"'.format(*ends)
    page = Path(site.BASE_DIR, "templates/jobs/partials/mixer_transport.html").read_text()
    assert ends == ["0.5", "1.5"] and slider in page


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", "[" * 5000, '{"speed": "fast"}', '{"speed": NaN}',
     '{"master": true}',
     '{"position_s": 1e400}', '{"position_s": 1' + "0" * 500 + "}", '{"loop": {"start_s": 1}}',
     '{"page": "x"}', '{"number": -1}', '{"number": 1.5}', '{"number": 1e12}', '{"stems": []}',
     '{"stems": {"drums": {"mute": "yes"}}}',
     '{"stems": {"drums": {"open": "\\u0000"}}}', '{"stems": {"drums": {"volume": null}}}'],
)  # fmt: skip
def test_what_is_no_state_is_refused_and_what_was_kept_stays(
    member: Client, job: Job, text: str
) -> None:
    save(member, job)
    refused = member.post(address(job), {"state": text})
    assert refused.status_code == 400
    assert refused.json()["code"] == "invalid_options"
    assert "state of the mixer" in refused.json()["detail"]
    assert kept(member, job) == LEFT


def test_a_state_that_is_too_long_is_refused(member: Client, job: Job, settings: Settings) -> None:
    settings.MIXER_STATE_BYTES = 4096
    assert save(member, job, stems={"x" * 3500: {}}).status_code == 204
    refused = save(member, job, stems={"ü" * 2100: {}})
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


def test_strangers_get_404_and_who_is_logged_out_the_log_in_page(
    client: Client, owner: "User", stranger: "User", job: Job
) -> None:
    assert save(client, job)["Location"].startswith("/accounts/login/")
    client.force_login(stranger)
    assert save(client, job).status_code == 404
    assert not MixerState.objects.exists()


def test_another_site_cannot_change_it_and_a_link_does_not(owner: "User", job: Job) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert save(client, job).status_code == 403
    assert client.get(address(job)).status_code == 405
    assert not MixerState.objects.exists()


def test_stems_of_a_running_job_keep_theirs_over_its_end(
    member: Client, owner: "User", sounds: "Sounds"
) -> None:
    running = make_job(owner=owner, stages={"listening": "completed"})
    write_listening(running.directory, sounds)
    page = member.get(f"/jobs/{running.pk}/").content.decode()
    assert f'data-saves-to="{address(running)}"' in page
    assert save(member, running).status_code == 204
    Job.objects.filter(pk=running.pk).update(status="completed", completed_at=timezone.now())
    assert kept(member, running) == LEFT


def test_there_is_nothing_to_leave_of_a_job_that_cannot_be_heard(
    member: Client, owner: "User", job: Job
) -> None:
    assert save(member, make_job(owner=owner)).status_code == 404
    Job.objects.filter(pk=job.pk).update(audio_deleted_at=timezone.now())
    assert save(member, job).status_code == 404


def test_it_goes_with_the_job_and_with_the_account(member: Client, owner: "User", job: Job) -> None:
    save(member, job)
    delete_job(job=job)
    assert not MixerState.objects.exists()
    other = make_job(owner=owner, status="completed")
    MixerState.objects.create(job=other, owner=owner, state=LEFT, saved_at=timezone.now())
    assert close_account(owner=owner)
    assert not MixerState.objects.exists()


def test_it_is_in_the_export_of_the_account(member: Client, job: Job) -> None:
    save(member, job)
    told = json.loads(b"".join(member.get("/account/export/").streaming_content))  # type: ignore[attr-defined]
    assert [(each["job_id"], each["state"]) for each in told["mixers"]] == [(str(job.pk), LEFT)]


@pytest.mark.django_db(transaction=True)
def test_a_job_that_was_deleted_meanwhile_leaves_no_row_behind(owner: "User", job: Job) -> None:
    song = listening(job)
    Job.objects.filter(pk=job.pk).delete()
    with pytest.raises(Job.DoesNotExist, match="is deleted"):
        save_mixer_state(job=job, owner=owner, listening=song, text=json.dumps(LEFT))
    assert not MixerState.objects.exists()
