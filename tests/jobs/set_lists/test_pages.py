"""Set lists on the pages, without a script: made, filled, ordered, renamed, deleted."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.models import Job, SetList
from jobs.services.set_lists.actions import MAX_SET_LISTS
from tests.jobs.set_lists.world import done, make_set_list, titles

LIBRARY = "/jobs/"
CREATE = "/set-lists/"


def address(set_list: SetList, name: str = "set-list") -> str:
    return reverse(f"jobs:{name}", args=[set_list.pk])


def page_of(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def add(client: Client, name: str, *jobs: Job, **more: str) -> Any:
    ids = [str(job.pk) for job in jobs]
    data = {"action": "set_list", "set_list": name, "job": ids, **more}
    return client.post("/jobs/together/", data)


def test_one_is_made_beside_the_library_and_shown_there(member: Client, owner: User) -> None:
    done(owner, "a")
    back = "/jobs/?search=a"
    assert member.post(CREATE, {"name": "Friday", "back": back})["Location"] == back
    friday = SetList.objects.get()
    page = page_of(member, LIBRARY)
    assert f'href="{address(friday)}"' in page and "0 songs" in page
    member.post(CREATE, {"name": "friday"})
    assert "You have a set list of the name" in page_of(member, LIBRARY)
    assert SetList.objects.count() == 1


def test_selected_songs_are_added_in_the_order_of_the_page(member: Client, owner: User) -> None:
    a, b = done(owner, "a"), done(owner, "b")
    add(member, "Friday", a, b)
    friday = SetList.objects.get()
    assert titles(friday) == ["a", "b"]
    assert "2 songs are added to “Friday”." in page_of(member, LIBRARY)
    add(member, "FRIDAY", b, done(owner, "c"))
    assert titles(friday) == ["a", "b", "c"]
    assert "1 song is added to “Friday”." in page_of(member, LIBRARY)


@pytest.mark.parametrize(
    ("filled", "found"), (({"set_list": "Friday", "tag": ""}, "set"), ({"tag": "Live"}, "tag"))
)
def test_return_in_a_field_means_the_button_beside_it(
    member: Client, owner: User, filled: dict[str, str], found: str
) -> None:
    song = done(owner, "a")
    member.post("/jobs/together/", {"action": "entered", "job": [str(song.pk)], **filled})
    assert SetList.objects.exists() == (found == "set")
    assert song.tags.exists() == (found == "tag")


def test_return_means_nothing_where_both_fields_are_filled(member: Client, owner: User) -> None:
    song = done(owner, "a")
    add(member, "Friday", song, action="entered", tag="Live")
    assert "Choose what to do" in page_of(member, LIBRARY)
    assert not SetList.objects.exists() and not song.tags.exists()


def test_return_presses_no_star(member: Client, owner: User) -> None:
    """The first button of the form is what Return in one of its fields presses."""
    done(owner, "a")
    page = page_of(member, LIBRARY)
    pressed = re.findall(r'<button [^>]*form="together"', page)
    form = page.partition('id="together"')[2]
    first = re.search(r"<button [^>]*>", form)
    assert not pressed and first is not None and 'value="entered"' in first[0]


def test_the_page_has_the_songs_in_their_order(member: Client, owner: User) -> None:
    friday = make_set_list(owner, "Friday", "b", "a")
    shown = re.findall(r'data-name="([^"]*)"', page_of(member, address(friday)))
    assert shown == ["b", "a"]


def test_songs_are_moved_and_taken_out_by_buttons(member: Client, owner: User) -> None:
    friday = make_set_list(owner, "Friday", "a", "b", "c")
    songs = address(friday, "set-list-songs")
    a, b, c = (str(Job.objects.get(source__song_title=name).pk) for name in "abc")
    moved = member.post(songs, {"up": c})
    assert moved["Location"] == f"{address(friday)}#song-{c}"
    assert titles(friday) == ["a", "c", "b"]
    member.post(songs, {"down": a})
    assert titles(friday) == ["c", "a", "b"]
    member.post(songs, {"up": c})
    member.post(songs, {"down": b})
    assert titles(friday) == ["c", "a", "b"]
    member.post(songs, {"remove": a})
    assert titles(friday) == ["c", "b"]
    assert Job.objects.count() == 3


def test_a_dragged_order_is_kept_and_odd_ids_do_nothing(member: Client, owner: User) -> None:
    friday = make_set_list(owner, "Friday", "a", "b")
    a, b = (str(Job.objects.get(source__song_title=name).pk) for name in "ab")
    songs = address(friday, "set-list-songs")
    member.post(songs, {"job": [b, "nonsense", str(uuid4()), a]})
    assert titles(friday) == ["b", "a"]
    for field in ("up", "down", "remove"):
        assert member.post(songs, {field: "nonsense"}).status_code == 302
    assert titles(friday) == ["b", "a"]


def test_it_is_renamed_and_deleted_and_its_songs_stay(member: Client, owner: User) -> None:
    friday = make_set_list(owner, "Friday", "a")
    member.post(address(friday, "set-list-rename"), {"name": "Sunday"})
    assert "<h1>Sunday</h1>" in page_of(member, address(friday))
    member.post(address(friday, "set-list-rename"), {"name": "x" * 81})
    assert "at most 80 characters" in page_of(member, address(friday))
    asked = page_of(member, address(friday, "set-list-delete"))
    assert "Its songs stay" in asked and SetList.objects.exists()
    assert member.post(address(friday, "set-list-delete"))["Location"] == LIBRARY
    assert not SetList.objects.exists() and Job.objects.count() == 1


def test_the_library_can_be_narrowed_to_one(member: Client, owner: User) -> None:
    friday = make_set_list(owner, "Friday", "inside")
    done(owner, "outside")
    page = page_of(member, f"{LIBRARY}?set_list={friday.pk}")
    assert "Select inside" in page and "Select outside" not in page
    assert "Set list: Friday" in page


def test_there_is_a_most(member: Client, owner: User) -> None:
    song = done(owner, "a")
    SetList.objects.bulk_create(SetList(owner=owner, name=f"l{n}") for n in range(MAX_SET_LISTS))
    add(member, "one more", song)
    assert f"You have {MAX_SET_LISTS} set lists" in page_of(member, LIBRARY)
    assert SetList.objects.count() == MAX_SET_LISTS


@pytest.mark.parametrize("who", ("stranger", ""))
def test_it_is_nobody_elses(client: Client, owner: User, stranger: User, who: str) -> None:
    friday = make_set_list(owner, "Friday", "a", "b")
    if who:
        client.force_login(stranger)
        done(stranger, "own")
    expected = 404 if who else 302
    song = str(Job.objects.filter(owner=owner)[0].pk)
    for name in ("set-list", "set-list-delete"):
        assert client.get(address(friday, name)).status_code == expected, name
    for name in ("set-list-songs", "set-list-rename", "set-list-delete"):
        data = {"name": "Mine", "remove": song}
        assert client.post(address(friday, name), data).status_code == expected, name
    add(client, "Friday", Job.objects.filter(owner=owner)[0])
    friday.refresh_from_db()
    assert (friday.name, titles(friday)) == ("Friday", ["a", "b"])
    assert not who or "Friday" not in page_of(client, f"{LIBRARY}?set_list={friday.pk}")
