"""Named loops and mixes of a song: kept for the account on the server, bounded, nobody else's."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from jobs.models import Job, MixerState
from jobs.services.saved_mixes import LONGEST_NAME, MOST

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LOOP = json.dumps({"start_s": 0.25, "end_s": 0.75})
MIX = json.dumps({"stems": {"drums": {"mute": True}, "kazoo": {}}, "master": 0.5, "speed": 0.8})


@pytest.fixture
def member(client: Client, owner: "User") -> Client:
    client.force_login(owner)
    return client


def send(client: Client, job: Job, action: str, kind: str = "loops", **fields: str) -> Any:
    return client.post(f"/jobs/{job.pk}/mixer-saved/", {"action": action, "kind": kind, **fields})


def save(client: Client, job: Job, name: str = "Chorus", value: str = LOOP) -> Any:
    return send(client, job, "save", name=name, value=value)


def kept(client: Client, job: Job) -> Any:
    return client.get(f"/jobs/{job.pk}/mixer.json").json()["saved"]


def test_a_phone_finds_the_loops_and_mixes_that_the_desktop_saved(
    member: Client, owner: "User", job: Job
) -> None:
    assert kept(member, job) == {"loops": [], "mixes": []}
    save(member, job)
    send(member, job, "save", "mixes", name="Practice", value=MIX)
    phone = Client()
    phone.force_login(owner)
    told = kept(phone, job)
    loop, mix = told["loops"][0], told["mixes"][0]
    assert (loop["name"], loop["start_s"], loop["end_s"]) == ("Chorus", 0.25, 0.75)
    assert (mix["name"], mix["master"], mix["speed"]) == ("Practice", 0.5, 0.8)
    assert list(mix["stems"]) == ["drums"] and mix["stems"]["drums"]["mute"]


def test_the_state_of_the_mixer_and_what_is_saved_leave_each_other_alone(
    member: Client, job: Job
) -> None:
    save(member, job)
    state = json.dumps({"speed": 0.7})
    member.post(f"/jobs/{job.pk}/mixer-state/", {"state": state})
    save(member, job, "Bridge")
    told = member.get(f"/jobs/{job.pk}/mixer.json").json()
    assert told["state"]["speed"] == 0.7
    assert [loop["name"] for loop in told["saved"]["loops"]] == ["Chorus", "Bridge"]


def test_the_same_name_replaces_and_renaming_to_a_taken_name_is_refused(
    member: Client, job: Job
) -> None:
    save(member, job)
    save(member, job, value=json.dumps({"start_s": 0.1, "end_s": 0.2}))
    told = save(member, job, "Bridge").json()["loops"]
    assert [(each["name"], each["start_s"]) for each in told] == [("Chorus", 0.1), ("Bridge", 0.25)]
    refused = send(member, job, "rename", id=told[1]["id"], name="Chorus")
    assert refused.status_code == 409 and "Chorus" in refused.json()["detail"]
    renamed = send(member, job, "rename", id=told[1]["id"], name="  Second   bridge ")
    assert renamed.json()["loops"][1]["name"] == "Second bridge"


def test_deleting_twice_is_no_error_and_renaming_what_is_gone_brings_nothing_back(
    member: Client, job: Job
) -> None:
    entry = save(member, job).json()["loops"][0]["id"]
    for _ in range(2):
        assert send(member, job, "delete", id=entry).json() == {"loops": [], "mixes": []}
    assert send(member, job, "rename", id=entry, name="Back").json()["loops"] == []


def test_a_song_keeps_a_bounded_number_and_says_what_to_do(member: Client, job: Job) -> None:
    for n in range(MOST):
        assert save(member, job, f"Loop {n}").status_code == 200
    refused = save(member, job, "One more")
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert "Delete one" in refused.json()["detail"]
    assert save(member, job, "Loop 3").status_code == 200, "a name that is there is replaced"
    assert len(kept(member, job)["loops"]) == MOST


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""}, {"name": "x" * (LONGEST_NAME + 1)}, {"name": "a\x00b"}, {"value": "{"},
        {"value": "[" * 5000}, {"value": '{"start_s": 5, "end_s": 9}'}, {"value": "{}"},
        {"kind": "songs"}, {"action": "eat"},
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_refused_and_leaves_nothing(
    member: Client, job: Job, fields: dict[str, str]
) -> None:
    whole = {"action": "save", "kind": "loops", "name": "Chorus", "value": LOOP, **fields}
    refused = member.post(f"/jobs/{job.pk}/mixer-saved/", whole)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_options")
    assert kept(member, job)["loops"] == []


def test_strangers_get_404_and_who_is_logged_out_the_log_in_page(
    client: Client, stranger: "User", job: Job
) -> None:
    assert save(client, job)["Location"].startswith("/accounts/login/")
    client.force_login(stranger)
    assert save(client, job).status_code == 404
    assert not MixerState.objects.exists()


def test_they_are_in_the_export_of_the_account(member: Client, job: Job) -> None:
    save(member, job)
    told = json.loads(b"".join(member.get("/account/export/").streaming_content))  # type: ignore[attr-defined]
    assert told["mixers"][0]["loops"][0]["name"] == "Chorus"
