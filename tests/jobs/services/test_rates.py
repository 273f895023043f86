"""Counts that limit: exact, kept while they count, and there when the database is not."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from jobs.models import CacheEntry, RateCount
from jobs.services import rates
from jobs.services.kept_cache import KeptCache
from jobs.services.rates import forget, give_back, parse_rate, remember, take, take_in_blocks
from jobs.worker.queue_pruning import prune_queue

pytestmark = pytest.mark.django_db


def hour(key: str = "a", limit: int = 2) -> float:
    return take(key, limit=limit, period_s=3600)


def test_what_is_over_the_limit_waits_for_the_end_of_the_time() -> None:
    assert [hour(), hour()] == [0, 0]
    assert 3590 < hour() <= 3600
    assert hour("b") == 0


def test_what_was_refused_does_not_lengthen_the_wait() -> None:
    hour(limit=1)
    assert hour(limit=1) >= hour(limit=1)
    assert RateCount.objects.get().count == 1


def test_the_count_begins_anew_when_its_time_is_over() -> None:
    hour(limit=1)
    RateCount.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert hour(limit=1) == 0
    assert hour(limit=1) > 0


def test_what_is_given_back_may_be_taken_again() -> None:
    hour(limit=1)
    give_back("a")
    give_back("a")
    assert hour(limit=1) == 0
    assert hour(limit=1) > 0
    forget("a")
    assert hour(limit=1) == 0


def test_a_limit_of_nothing_lets_nobody_through() -> None:
    assert hour(limit=0) == 3600


def test_a_flood_of_others_pushes_out_nothing() -> None:
    hour(limit=1)
    ends_at = timezone.now() + timedelta(hours=1)
    RateCount.objects.bulk_create(
        RateCount(key=f"other {n}", count=1, ends_at=ends_at) for n in range(2000)
    )
    prune_queue()
    assert hour(limit=1) > 0


def test_housekeeping_forgets_what_limits_nothing_any_more() -> None:
    hour("over")
    RateCount.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    CacheEntry.objects.create(cache_key="x", value="", expires=timezone.now())
    hour("live")
    assert prune_queue() == 2
    assert RateCount.objects.count() == 1


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database reads and takes nothing."""
    monkeypatch.setattr(rates, "_local_counts", rates._LocalCounts())
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
        yield
        cursor.execute("PRAGMA query_only = OFF")


@pytest.mark.django_db(transaction=True)
def test_limits_hold_while_the_database_takes_nothing(full_disk: None) -> None:
    assert [hour(), hour()] == [0, 0]
    assert hour() > 0
    give_back("a")
    assert hour() == 0
    remember("b", period_s=60)
    forget("b")


def test_what_a_process_counts_alone_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_IN_MEMORY", 10)
    alone = rates._LocalCounts()
    for number in range(50):
        assert alone.take(str(number), 1, timedelta(hours=1)) == 0
    assert len(alone._counts) <= 10
    assert alone.take("49", 1, timedelta(hours=1)) > 0


def test_a_process_that_counts_alone_forgets_nobody_while_they_are_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rates, "MOST_IN_MEMORY", 10)
    alone = rates._LocalCounts()
    for number in range(10):
        alone.take(str(number), 1, timedelta(hours=1))
    assert all(alone.take(str(number), 1, timedelta(hours=1)) > 0 for number in range(10))


@pytest.fixture
def another_process(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From its call on the test is as a process that has taken nothing yet."""

    def begin() -> None:
        monkeypatch.setattr(rates, "_blocks", rates._Blocks())

    begin()
    return begin


def often(limit: int, period_s: float = 3600) -> float:
    return take_in_blocks("often", limit=limit, period_s=period_s)


def test_a_high_limit_is_written_once_in_a_while(
    another_process: Callable[[], None], django_assert_num_queries: Callable[[int], Any]
) -> None:
    assert often(3000) == 0
    with django_assert_num_queries(0):
        assert [often(3000) for _ in range(29)] == [0] * 29
    assert RateCount.objects.get().count == 30
    assert often(3000) == 0
    assert RateCount.objects.get().count == 60


def test_blocks_allow_no_more_than_the_limit_and_hardly_less(
    another_process: Callable[[], None],
) -> None:
    allowed = [often(300) for _ in range(100)]
    another_process()
    allowed += [often(300) for _ in range(250)]
    assert 297 <= allowed.count(0) <= 300
    assert 3590 < often(300) <= 3600
    assert RateCount.objects.get().count == 300


def test_a_block_is_worth_nothing_after_its_time(another_process: Callable[[], None]) -> None:
    often(3000, period_s=0.05)
    time.sleep(0.06)
    often(3000, period_s=0.05)
    assert RateCount.objects.get().count == 30
    assert RateCount.objects.get().ends_at > timezone.now() - timedelta(seconds=0.05)


def test_a_low_limit_is_counted_one_by_one(another_process: Callable[[], None]) -> None:
    assert [often(2), often(2)] == [0, 0]
    assert often(2) > 0
    assert RateCount.objects.get().count == 2


@pytest.mark.django_db(transaction=True)
def test_blocks_hold_while_the_database_takes_nothing(
    another_process: Callable[[], None], full_disk: None
) -> None:
    assert [often(200) for _ in range(200)] == [0] * 200
    assert often(200) > 0


def test_a_block_is_handed_out_once_to_many_threads() -> None:
    ahead = rates._Blocks()
    ahead.keep("a", 500, timezone.now() + timedelta(hours=1))
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: ahead.use("a"), range(900))) == 500


def test_blocks_in_memory_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_IN_MEMORY", 10)
    ahead = rates._Blocks()
    for number in range(50):
        ahead.keep(str(number), 1, timezone.now() + timedelta(hours=1))
    assert len(ahead._left) <= 10
    assert ahead.use("49")


def test_the_cache_of_the_site_drops_nothing_that_is_live() -> None:
    small = KeptCache("jobs_cacheentry", {"OPTIONS": {"MAX_ENTRIES": 3}})
    small.set("ended", 1, timeout=-10)
    for number in range(12):
        small.set(f"live-{number}", number, timeout=60)
    assert [small.get(f"live-{number}") for number in range(12)] == list(range(12))
    assert CacheEntry.objects.count() == 12


def test_sign_ups_are_counted_there() -> None:
    assert isinstance(cache._connections[cache._alias], KeptCache)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("rate", "meant"), [("10/hour", (10, 3600)), ("3/min", (3, 60)), ("7/d", (7, 86_400))]
)
def test_rates_are_read_as_everywhere(rate: str, meant: tuple[int, int]) -> None:
    assert parse_rate(rate) == meant
