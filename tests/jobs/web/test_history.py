"""The list of a person's jobs."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.web.history.views import PAGE_SIZE
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, make_source


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def add(
    owner: User, name: str, hours_ago: float = 0, separator: str = "auto", **fields: Any
) -> None:
    make_job(
        owner=owner,
        source=make_source(owner=owner, content=b"", original_name=f"{name}.wav"),
        request=SeparationRequest(separator=separator),
        created_at=timezone.now() - timedelta(hours=hours_ago),
        **fields,
    )


def names(client: Client, query: str = "") -> list[str]:
    page = client.get(reverse("jobs:history") + query).content.decode()
    return re.findall(r'<p class="song__title"><a [^>]*>([^<]*)</a>', page)


def test_the_newest_job_comes_first(member: Client, owner: User) -> None:
    for name, age in (("old", 3), ("new", 1), ("middle", 2)):
        add(owner, name, age)
    assert names(member) == ["new", "middle", "old"]


def test_jobs_of_others_are_not_in_the_list(member: Client, owner: User, stranger: User) -> None:
    add(owner, "mine")
    add(stranger, "theirs", separator="spectral")
    assert names(member) == ["mine"]
    assert "spectral" not in member.get(reverse("jobs:history")).content.decode()


def test_search_and_filters_narrow_the_list(member: Client, owner: User) -> None:
    add(owner, "Night train", 1, "spectral", status=JobStatus.COMPLETED)
    add(owner, "Morning train", 2, "demucs", status=JobStatus.FAILED)
    add(owner, "Boat", 3, "demucs", status=JobStatus.COMPLETED)
    assert names(member, "?search=TRAIN") == ["Night train", "Morning train"]
    assert names(member, "?status=completed") == ["Night train", "Boat"]
    assert names(member, "?separator=demucs") == ["Morning train", "Boat"]
    assert names(member, "?search=train&separator=demucs&status=failed") == ["Morning train"]


def test_an_odd_filter_counts_as_none(member: Client, owner: User) -> None:
    add(owner, "Song")
    assert names(member, "?status=perhaps&separator=x&page=moon") == ["Song"]


def test_pages_keep_the_search(member: Client, owner: User) -> None:
    for number in range(PAGE_SIZE + 1):
        add(owner, f"Song {number:02}", number)
    add(owner, "Other", 99)
    assert len(names(member, "?search=song")) == PAGE_SIZE
    page = member.get(reverse("jobs:history"), {"search": "song"}).content.decode()
    assert "?search=song&amp;page=2" in page
    assert names(member, "?search=song&page=2") == ["Song 20"]


def test_an_empty_history_and_an_empty_search_say_different_things(
    member: Client, owner: User
) -> None:
    assert "No songs yet" in member.get(reverse("jobs:history")).content.decode()
    add(owner, "Song")
    page = member.get(reverse("jobs:history"), {"search": "tuba"}).content.decode()
    assert "No song matches" in page


def test_the_status_is_said_in_words(member: Client, owner: User) -> None:
    add(owner, "Song", status=JobStatus.CANCELLED)
    assert "</svg>Cancelled</span>" in member.get(reverse("jobs:history")).content.decode()


@pytest.mark.parametrize("jobs", (1, 15))
def test_the_list_takes_as_many_queries_for_many_jobs_as_for_one(
    member: Client, owner: User, jobs: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(jobs):
        add(owner, f"Song {number}")
    # Session, account, set lists, values of filters, tags, batches, count, page, its jobs, their
    # tags, theme.
    with django_assert_num_queries(10):
        member.get(reverse("jobs:history"))


def test_a_list_with_jobs_under_way_keeps_itself_up_to_date(member: Client, owner: User) -> None:
    add(owner, "done", status=JobStatus.COMPLETED)
    address = reverse("jobs:history") + "?search=o"
    assert "hx-get" not in member.get(address).content.decode()
    add(owner, "moving", status=JobStatus.PENDING)
    shown = member.get(address).content.decode()
    assert f'hx-get="{address}"' in shown
    assert 'hx-select="#jobs"' in shown
    assert 'src="/static/' in shown


def test_a_list_that_outlives_its_session_loads_the_page_anew(client: Client, db: None) -> None:
    answer = client.get(reverse("jobs:history"), headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"], answer.content) == (200, "true", b"")
    assert client.get(reverse("jobs:history")).status_code == 302


def test_the_order_can_be_chosen(member: Client, owner: User) -> None:
    for name, age, seconds in (("b", 1, 30.0), ("C", 2, 10.0), ("a", 3, 20.0)):
        source = make_source(
            owner=owner, content=b"", original_name=f"{name}.wav", duration_s=seconds
        )
        make_job(owner=owner, source=source, created_at=timezone.now() - timedelta(hours=age))
    assert names(member, "?sort=newest") == ["b", "C", "a"]
    assert names(member, "?sort=oldest") == ["a", "C", "b"]
    assert names(member, "?sort=title") == ["a", "b", "C"]
    assert names(member, "?sort=longest") == ["b", "a", "C"]
    assert names(member, "?sort=shortest") == ["C", "a", "b"]
    assert names(member, "?sort=backwards") == ["b", "C", "a"]


def page_of(client: Client, query: str = "") -> str:
    return client.get(reverse("jobs:history") + query).content.decode()


def links(page: str, part: str) -> dict[str, str]:
    """Addresses of links by their words, in the element of this class."""
    inside = page.partition(f'class="{part}"')[2].partition("</details>")[0]
    inside = inside.partition('<div class="library"')[0]
    found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', inside, re.DOTALL)
    return {
        " ".join(re.sub(r"<[^>]*>", "", words).split()): html.unescape(address)
        for address, words in found
    }


def test_a_chip_shows_each_filter_and_takes_it_away(member: Client, owner: User) -> None:
    add(owner, "Live", 1, "demucs", status=JobStatus.FAILED, is_favourite=True)
    add(owner, "Take", 2, "spectral", status=JobStatus.COMPLETED)
    query = "?search=i&status=failed&separator=demucs&favourite=True&sort=title"
    chips = links(page_of(member, query), "chips")
    assert set(chips) == {
        "Remove the filter Status: Failed",
        "Remove the filter Separator: demucs",
        "Remove the filter Favourites only",
        "Clear",
    }
    without = chips["Remove the filter Status: Failed"]
    assert without == "/jobs/?search=i&separator=demucs&favourite=True&sort=title"
    assert chips["Clear"] == "/jobs/"
    assert 'class="chips"' not in page_of(member, "?sort=title")


def test_the_menu_leads_to_each_filter_that_the_account_has(
    member: Client, owner: User, stranger: User
) -> None:
    add(owner, "Live", 1, "demucs", status=JobStatus.FAILED)
    add(owner, "Take", 2, "spectral", status=JobStatus.COMPLETED, is_favourite=True)
    add(stranger, "Theirs", 2, "standard")
    menu = links(page_of(member, "?search=x&page=7&sort=title"), "menu__panel menu__panel--filters")
    assert set(menu) == {"Completed", "Failed", "demucs", "spectral", "Favourites only"}
    assert menu["demucs"] == "/jobs/?search=x&sort=title&separator=demucs"
    assert names(member, menu["Favourites only"].replace("/jobs/", "").replace("=x", "=")) == [
        "Take"
    ]


def test_filters_that_tell_nothing_apart_are_not_offered(member: Client, owner: User) -> None:
    for name in "ab":
        add(owner, name, status=JobStatus.COMPLETED)
    assert "menu__panel--filters" not in page_of(member)


def test_the_order_is_a_menu_that_keeps_the_search(member: Client, owner: User) -> None:
    add(owner, "Song")
    page = page_of(member, "?search=song&sort=longest")
    assert "/jobs/?search=song&amp;sort=title" in page
    assert '<input type="hidden" name="sort" value="longest">' in page
    assert re.search(r'aria-current="true">Longest first</a>', page)


def test_a_status_is_shown_only_where_it_is_not_completed(member: Client, owner: User) -> None:
    add(owner, "done", status=JobStatus.COMPLETED)
    assert "badge--" not in page_of(member)
    add(owner, "broken", status=JobStatus.FAILED)
    assert page_of(member).count("badge--") == 1


def test_a_song_is_renamed_where_it_stands(member: Client, owner: User) -> None:
    add(owner, "take_03_final")
    job = Job.objects.get()
    answer = member.post(
        f"/jobs/{job.pk}/title/", {"title": " Night\u202e train ", "back": "/jobs/?search=t"}
    )
    assert answer["Location"] == "/jobs/?search=t"
    assert names(member) == ["Night train"]
    member.post(f"/jobs/{job.pk}/title/", {"title": "x" * 256})
    assert "A title has at most 255 characters" in page_of(member)
    assert names(member) == ["Night train"]


def test_only_its_owner_renames_a_song(client: Client, owner: User, stranger: User) -> None:
    add(owner, "Mine")
    address = f"/jobs/{Job.objects.get().pk}/title/"
    assert client.post(address, {"title": "x"})["Location"].startswith("/accounts/login/")
    client.force_login(stranger)
    assert client.post(address, {"title": "x"}).status_code == 404
    assert Job.objects.get().source.label == "Mine"


def test_a_page_reads_an_index_and_the_rows_that_it_shows(member: Client, owner: User) -> None:
    """A row holds its manifest, so that a page that read all rows would take long."""
    add(owner, "Song")
    plans = []

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'FROM "jobs_job"' in sql and "explain" not in sql.lower():
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                plans.append([row[3] for row in cursor.fetchall()])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        member.get(reverse("jobs:history"))
    whole = [plan for plan in plans if any("job_library" in step for step in plan)]
    assert len(whole) == 3, plans
    assert all("COVERING INDEX job_library" in plan[0] for plan in whole)
    assert not [step for plan in plans for step in plan if step.startswith("SCAN jobs_job")]
