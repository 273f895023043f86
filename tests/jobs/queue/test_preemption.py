"""The rule by which short songs have a turn between the checkpoints of a long job."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.queue.caps import Account
from jobs.queue.preemption import MUCH, LongJob, TurnRules, WaitingSong, songs_of_turn

RULES = TurnRules(short_s=60.0, min_s=120.0)
OWNER: Account = (1, False)
LONG = LongJob(OWNER, "interactive", 0, left_s=3_600.0, ran_s=120.0)


def song(key: str, expected_s: float = 20.0, who: int = 2, **fields: Any) -> WaitingSong[str]:
    of = {"account": (who, False), "lane": "interactive", "priority": 0, **fields}
    return WaitingSong(key, expected_s=expected_s, **of)


def chosen(
    *waiting: WaitingSong[str], job: LongJob = LONG, rules: TurnRules = RULES, **more: float
) -> list[str]:
    return [each.key for each in songs_of_turn(job, waiting, rules, **more)]


def test_short_songs_of_others_go_before_the_rest_of_a_long_job() -> None:
    assert chosen(song("a"), song("b", who=3)) == ["a", "b"]


def test_a_song_that_takes_long_itself_waits() -> None:
    assert chosen(song("long", 61.0), song("short", 60.0)) == ["short"]


def test_the_songs_of_one_turn_take_no_more_together_than_is_allowed() -> None:
    waiting = [song(str(n), 25.0, who=n) for n in range(2, 9)]
    assert chosen(*waiting) == ["2", "3"]


def test_a_turn_is_dealt_out_by_person() -> None:
    flood = [song(f"flood {n}") for n in range(100)]
    assert chosen(*flood, song("one", who=3)) == ["flood 0", "one", "flood 1"]


def test_nobody_goes_before_a_job_of_their_own() -> None:
    assert chosen(song("mine", who=1)) == []
    again = (1, True)
    assert chosen(song("a campaign's", account=again, lane="backfill")) == []
    campaign = replace(LONG, account=again, lane="backfill")
    assert chosen(song("mine", who=1), job=campaign) == ["mine"], "an old song of theirs gives way"


def test_what_would_go_later_does_not_go_before() -> None:
    assert chosen(song("backfill", lane="backfill")) == []
    assert chosen(song("lower", priority=-1)) == []
    assert chosen(song("lower", priority=-1), job=replace(LONG, lane="backfill")) == ["lower"]


def test_a_job_that_has_just_started_or_gone_on_is_left_alone() -> None:
    assert chosen(song("a"), job=replace(LONG, ran_s=119.0)) == []


@pytest.mark.parametrize(("lost_s", "ran_s"), [(60.0, 120.0), (600.0, 1_200.0), (9e9, 1_200.0)])
def test_after_a_turn_that_took_longer_the_job_runs_longer(lost_s: float, ran_s: float) -> None:
    job = replace(LONG, lost_s=lost_s)
    assert chosen(song("a"), job=replace(job, ran_s=ran_s - 1.0)) == []
    assert chosen(song("a"), job=replace(job, ran_s=ran_s)) == ["a"]


def test_near_its_end_a_job_gives_way_to_what_is_much_shorter_than_its_rest() -> None:
    job = replace(LONG, left_s=20.0 * MUCH)
    assert chosen(song("a", 21.0), song("b", 20.0), job=job) == ["b"]


def test_a_job_goes_on_where_another_worker_is_free_soon() -> None:
    assert chosen(song("a"), soonest_end_s=59.0) == []
    assert chosen(song("a"), soonest_end_s=61.0) == ["a"]


def test_a_job_of_which_nobody_knows_the_end_goes_on() -> None:
    assert chosen(song("a"), job=replace(LONG, left_s=None)) == []


def test_zero_turns_it_off() -> None:
    assert chosen(song("a", 0.0), rules=TurnRules(0.0, 120.0)) == []


@dataclass
class Course:
    """How one long job fared beside waiting songs."""

    ended_s: float
    lost_s: list[float]
    ran_s: list[float]
    served: list[str]


def played(work_s: float, waiting: list[WaitingSong[str]], slower: float) -> Course:
    """One worker. Each song takes ``slower`` times as long as it was expected to, and new ones
    come as fast as they are served, so that somebody waits all the time."""
    now_s, done_s, ran_s, course = 0.0, 0.0, 0.0, Course(0.0, [], [], [])
    line, job = list(waiting), replace(LONG, ran_s=0.0)
    while done_s < work_s:
        step_s = min(3.0, work_s - done_s)
        done_s, ran_s, now_s = done_s + step_s, ran_s + step_s, now_s + step_s
        turn = songs_of_turn(replace(job, left_s=work_s - done_s, ran_s=ran_s), line, RULES)
        if turn:
            lost_s = sum(each.expected_s for each in turn) * slower
            course.lost_s.append(lost_s)
            course.ran_s.append(ran_s)
            course.served += [each.key for each in turn]
            for each in turn:
                line.remove(each)
                line.append(each)
            now_s, ran_s, job = now_s + lost_s, 0.0, replace(job, lost_s=lost_s)
    course.ended_s = now_s
    return course


@settings(max_examples=40, deadline=None)
@given(
    work_s=st.floats(10.0, 3_000.0),
    songs=st.lists(st.tuples(st.floats(1.0, 90.0), st.integers(1, 4)), max_size=40),
    slower=st.floats(0.2, 5.0),
)
def test_however_many_songs_wait_a_long_job_loses_a_bounded_share_of_its_time(
    work_s: float, songs: list[tuple[float, int]], slower: float
) -> None:
    waiting = [song(str(n), expected_s, who) for n, (expected_s, who) in enumerate(songs)]
    course = played(work_s, waiting, slower)
    assert all(ran_s >= RULES.min_s for ran_s in course.ran_s)
    # What the last turn took is made up for by what the job runs after it.
    shares = zip(course.lost_s, course.ran_s[1:], strict=False)
    most = RULES.short_s / RULES.min_s
    assert all(lost_s <= most * ran_s + 1e-6 for lost_s, ran_s in shares)
    last_s = course.lost_s[-1] if course.lost_s else 0.0
    assert course.ended_s - work_s <= most * work_s + last_s + 1e-6
    own = {str(n) for n, (_, who) in enumerate(songs) if who == 1}
    assert own.isdisjoint(course.served)


def test_a_hundred_songs_of_one_person_prolong_a_long_job_by_half_at_most() -> None:
    course = played(3_600.0, [song(str(n), 10.0) for n in range(100)], slower=1.0)
    assert len(course.served) > 100
    assert course.ended_s <= 1.5 * 3_600.0
