"""Set lists by the service: filled, ordered, limited, and what a song's end does to them."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs.errors import SetListFull, SetListNameTaken
from jobs.models import Campaign, Job, SetList
from jobs.services.account.account_deletion import close_account
from jobs.services.campaigns.versions import accept_version
from jobs.services.job.delete import delete_job
from jobs.services.set_lists import actions
from jobs.services.set_lists.actions import (
    add_songs,
    add_to_named,
    create_set_list,
    delete_set_list,
    move_song,
    order_songs,
    remove_songs,
    rename_set_list,
)
from separation.errors import InvalidOptions, QuotaExceeded
from tests.factories import make_job
from tests.jobs.set_lists.world import done, make_set_list, titles


def test_a_song_is_in_several_lists_and_once_in_each(owner: User) -> None:
    friday, sunday = make_set_list(owner, "Friday", "a", "b"), make_set_list(owner, "Sunday")
    song = Job.objects.get(source__song_title="b")
    assert [add_songs(set_list=each, jobs=[song, song]) for each in (friday, sunday)] == [0, 1]
    assert (titles(friday), titles(sunday)) == (["a", "b"], ["b"])


def test_a_name_finds_the_list_or_makes_it(owner: User, stranger: User) -> None:
    make_set_list(stranger, "Friday", "theirs")
    song = done(owner, "mine")
    friday, _ = add_to_named(owner=owner, name=" Friday\u202e ", jobs=[song])
    assert add_to_named(owner=owner, name="FRIDAY", jobs=[song]) == (friday, 0)
    assert titles(friday) == ["mine"]


def test_songs_are_ordered_and_moved(owner: User) -> None:
    friday = make_set_list(owner, "Friday", "a", "b", "c")
    a, b, c = (Job.objects.get(source__song_title=name).pk for name in "abc")
    order_songs(set_list=friday, job_ids=[c, done(owner, "other").pk, a])
    assert titles(friday) == ["c", "a", "b"]
    move_song(set_list=friday, job_id=b, to=0)
    assert titles(friday) == ["b", "c", "a"]
    move_song(set_list=friday, job_id=b, to=99)
    move_song(set_list=friday, job_id=a, to=-1)
    assert titles(friday) == ["a", "c", "b"]


def test_removing_a_song_or_the_list_leaves_the_songs(owner: User) -> None:
    friday = make_set_list(owner, "Friday", "a", "b")
    song = Job.objects.get(source__song_title="a")
    assert remove_songs(set_list=friday, job_ids=[song.pk]) == 1
    assert titles(friday) == ["b"]
    delete_set_list(set_list=friday)
    assert Job.objects.count() == 2


def test_a_deleted_song_leaves_its_lists(owner: User) -> None:
    friday = make_set_list(owner, "Friday", "a", "b")
    delete_job(job=Job.objects.get(source__song_title="a"))
    assert titles(friday) == ["b"]


def test_a_newer_version_takes_the_place_of_its_song(owner: User) -> None:
    friday = make_set_list(owner, "Friday", "a", "b")
    old = Job.objects.get(source__song_title="a")
    campaign = Campaign.objects.create(separator="spectral", request={}, key="k")
    fields: dict[str, Any] = {"campaign": campaign, "replaces": old, "status": "completed"}
    version = make_job(owner=owner, source=old.source, **fields)
    accept_version(job=version)
    assert actions.songs_of(friday).first() == version
    assert titles(friday) == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "reason"), (("\u202e", "Write a name"), ("x" * 81, "at most 80 characters"))
)
def test_a_bad_name_is_refused_in_words(owner: User, name: str, reason: str) -> None:
    with pytest.raises(InvalidOptions, match=reason):
        create_set_list(owner=owner, name=name)
    with pytest.raises(InvalidOptions, match=reason):
        rename_set_list(set_list=make_set_list(owner, "Friday"), name=name)


def test_a_name_is_used_once(owner: User) -> None:
    friday, sunday = make_set_list(owner, "Friday"), make_set_list(owner, "Sunday")
    with pytest.raises(SetListNameTaken, match="“friday”"):
        create_set_list(owner=owner, name="friday")
    with pytest.raises(SetListNameTaken):
        rename_set_list(set_list=sunday, name="friday")
    rename_set_list(set_list=friday, name="FRIDAY")
    assert set(SetList.objects.values_list("name", flat=True)) == {"FRIDAY", "Sunday"}


def test_lists_and_their_songs_are_limited(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MAX_SET_LISTS", 1)
    monkeypatch.setattr(actions, "MAX_SET_LIST_SONGS", 2)
    friday = make_set_list(owner, "Friday", "a")
    with pytest.raises(QuotaExceeded, match="1 set lists"):
        create_set_list(owner=owner, name="Sunday")
    with pytest.raises(SetListFull, match="at most 2 songs"):
        add_songs(set_list=friday, jobs=[done(owner, "b"), done(owner, "c")])
    assert titles(friday) == ["a"]


def test_they_go_with_the_account(
    owner: User, stranger: User, django_capture_on_commit_callbacks: Any
) -> None:
    make_set_list(owner, "Friday", "a")
    kept = make_set_list(stranger, "Friday", "b")
    with django_capture_on_commit_callbacks(execute=True):
        assert close_account(owner=owner)
    assert list(SetList.objects.all()) == [kept]


def test_the_export_has_them_in_their_order(client: Client, owner: User, stranger: User) -> None:
    make_set_list(stranger, "Theirs", "x")
    friday = make_set_list(owner, "Friday", "a", "b")
    client.force_login(owner)
    told = json.loads(client.get("/account/export/").getvalue())
    ids = [str(pk) for pk in actions.songs_of(friday).values_list("pk", flat=True)]
    assert [(each["name"], each["jobs"]) for each in told["set_lists"]] == [("Friday", ids)]


def test_the_operator_sees_whose_they_are(client: Client, staff: User, owner: User) -> None:
    make_set_list(owner, "Friday", "a", "b")
    client.force_login(staff)
    page = client.get("/admin/jobs/setlist/").content.decode()
    assert "Friday" in page and '<td class="field-songs">2</td>' in page
