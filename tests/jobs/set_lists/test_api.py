"""Set lists by the API: made, filled, ordered, read, deleted; nobody else's."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from jobs.models import Job, SetList
from jobs.services.set_lists import actions
from tests.jobs.set_lists.world import done, make_set_list, titles

ADDRESS = "/api/v1/set-lists"


def send(api: APIClient, path: str = "", method: str = "post", **fields: Any) -> Any:
    return getattr(api, method)(ADDRESS + path, fields, format="json")


def test_a_set_list_is_made_filled_ordered_and_deleted(api: APIClient, owner: User) -> None:
    a, b = (str(done(owner, name).pk) for name in "ab")
    made = send(api, name=" Friday ", job_ids=[a])
    assert made.status_code == 201 and made["Location"] == made.data["url"]
    path = f"/{made.data['set_list_id']}"
    assert send(api, f"{path}/songs", job_ids=[a, b]).data["job_ids"] == [a, b]
    changed = send(api, path, "patch", name="Sunday", job_ids=[b]).data
    assert (changed["name"], changed["job_ids"]) == ("Sunday", [b, a])
    assert api.get(made["Location"]).data == changed
    assert api.delete(f"{ADDRESS}{path}/songs/{b}").status_code == 204
    assert api.delete(f"{ADDRESS}{path}/songs/{b}").status_code == 404
    assert [job["job_id"] for job in api.get(changed["jobs_url"]).data["results"]] == [a]
    assert api.delete(ADDRESS + path).status_code == 204
    assert api.get(ADDRESS + path).status_code == 404
    assert Job.objects.count() == 2


def test_the_list_has_those_of_the_account(api: APIClient, owner: User, stranger: User) -> None:
    make_set_list(stranger, "Theirs", "x")
    for name in ("Sunday", "Friday"):
        make_set_list(owner, name, f"Song of {name}")
    listed = api.get(ADDRESS).data["results"]
    assert [(each["name"], len(each["job_ids"])) for each in listed] == [
        ("Friday", 1),
        ("Sunday", 1),
    ]


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    (
        ({}, 400, "name"),
        ({"name": "x" * 81}, 400, "80"),
        ({"name": "Friday"}, 409, "You have a set list of the name"),
        ({"name": "Sunday", "job_ids": ["x"]}, 400, "valid UUID"),
        ({"name": "Sunday", "job_ids": [str(uuid4())]}, 404, "There is no such job"),
        ({"name": "Sunday", "songs": []}, 400, "songs"),
    ),
)
def test_bad_wishes_are_refused_in_words(
    api: APIClient, owner: User, fields: dict[str, Any], status: int, reason: str
) -> None:
    make_set_list(owner, "Friday")
    refused = send(api, **fields)
    assert refused.status_code == status and reason in refused.data["detail"]
    assert SetList.objects.count() == 1


def test_there_is_a_most(api: APIClient, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MAX_SET_LISTS", 1)
    monkeypatch.setattr(actions, "MAX_SET_LIST_SONGS", 1)
    friday = make_set_list(owner, "Friday", "a")
    assert send(api, name="Sunday").status_code == 429
    refused = send(api, f"/{friday.pk}/songs", job_ids=[str(done(owner, "b").pk)])
    assert (refused.status_code, refused.data["code"]) == (409, "set_list_full")


def test_those_of_others_and_songs_of_others_do_not_exist(
    api: APIClient, owner: User, stranger: User
) -> None:
    theirs = make_set_list(stranger, "Theirs", "x")
    song = Job.objects.get()
    mine = make_set_list(owner, "Mine")
    assert send(api, f"/{mine.pk}/songs", job_ids=[str(song.pk)]).status_code == 404
    path = f"/{theirs.pk}"
    for method, under in (
        ("get", path),
        ("patch", path),
        ("delete", path),
        ("post", f"{path}/songs"),
        ("delete", f"{path}/songs/{song.pk}"),
    ):
        fields = {"name": "Mine now", "job_ids": []} if method != "get" else {}
        assert send(api, under, method, **fields).status_code == 404, under
        assert send(APIClient(), under, method, **fields).status_code == 401, under
    assert (titles(theirs), titles(mine)) == (["x"], [])
    assert api.get("/api/v1/jobs", {"set_list": str(theirs.pk)}).data["count"] == 0
