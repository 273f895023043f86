"""Two results of one song on one page, and why two jobs cannot be compared."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jobs.models import Job
from tests.factories import make_job, make_source, wav_bytes
from tests.jobs.comparing.conftest import RESULT
from tests.quality_report import make_report

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db

SCORE: dict[str, Any] = {
    "stages": [
        {
            "name": "score",
            "details": {"sdr_db": {"vocals": 7.25}, "mixture_sdr_db": {"vocals": -5.5}},
        }
    ]
}


@pytest.fixture
def visitor(client: Client, owner: "User") -> Client:
    client.force_login(owner)
    return client


def address(first: Job, second: Job) -> str:
    return f"/jobs/{first.pk}/compare/{second.pk}/"


def shown(visitor: Client, first: Job, second: Job, status: int = 200) -> str:
    answer = visitor.get(address(first, second))
    assert answer.status_code == status
    return answer.content.decode()


def words(html: str) -> str:
    plain = re.sub(r"<[^>]+>|\s+", " ", html).replace("\N{MINUS SIGN}", "-")
    return " ".join(plain.split())


def test_stems_are_paired_by_name_and_one_that_is_on_one_side_only_says_so(
    visitor: Client, result: RESULT
) -> None:
    six = result("demucs htdemucs_6s", stems=("drums", "vocals", "guitar"))
    four = result("spectral spectral", stems=("vocals", "drums", "other"))
    page = shown(visitor, six, four)
    assert re.findall(r'data-pair="(\w+)"', page) == ["drums", "vocals", "guitar", "other"]
    assert re.findall(r"<kbd[^>]*>(\d)</kbd><span>(\w+)", page) == [
        ("1", "Drums"), ("2", "Vocals"), ("3", "Guitar"), ("4", "Other"),
    ]  # fmt: skip
    # Once in the player, once in the list that stands in for it.
    assert words(page).count("B has no such stem") == 2
    assert words(page).count("A has no such stem") == 2
    assert f'data-mixer="/jobs/{six.pk}/mixer.json" data-other="/jobs/{four.pk}/mixer.json"' in page
    assert "A Own choice, demucs htdemucs_6s took 0 s made" in words(page)
    assert "B Own choice, spectral took 0 s made" in words(page)


def test_each_side_is_named_by_its_preset_model_time_and_quality(
    visitor: Client, result: RESULT
) -> None:
    now = timezone.now()
    report = {"quality": make_report().model_dump(mode="json")}
    judged = result(
        manifest=report,
        started_at=now - timedelta(seconds=75),
        completed_at=now,
    )
    other = result(
        "spectral spectral",
        started_at=now - timedelta(seconds=300),
        completed_at=now,
    )
    for job, preset in ((judged, "karaoke"), (other, "full")):
        job.request["preset"] = preset
        job.save()
    page = shown(visitor, judged, other)
    head, buttons = words(page[: page.index("data-mixer")]), words(page[page.index("data-side") :])
    assert "A Karaoke, demucs htdemucs took 75 s quality: listen to 1 stem before" in head
    assert "B Everything, spectral took 5.0 min made" in head
    assert "A Karaoke, demucs htdemucs took 75 s" in buttons
    assert "B Everything, spectral took 5.0 min" in buttons
    listed = words(visitor.get(f"/jobs/{judged.pk}/").content.decode())
    assert "Everything, spectral took 5.0 min made" in listed


def test_without_scripts_each_stem_has_a_player_for_either_side(
    visitor: Client, result: RESULT
) -> None:
    first, second = result(stems=("drums", "vocals")), result(stems=("vocals",))
    page = shown(visitor, first, second)
    players = re.findall(r'<audio[^>]* src="([^"]+)" aria-label="([^"]+)"', page)
    assert players == [
        (f"/jobs/{first.pk}/tracks/drums/listen/", "Play Drums of A"),
        (f"/jobs/{first.pk}/tracks/vocals/listen/", "Play Vocals of A"),
        (f"/jobs/{second.pk}/tracks/vocals/listen/", "Play Vocals of B"),
    ]
    assert "Without JavaScript" in page
    assert visitor.get(players[2][0]).status_code == 200


def test_the_figures_of_both_stand_beside_each_other(visitor: Client, result: RESULT) -> None:
    report = {"quality": make_report().model_dump(mode="json")}
    judged = result(manifest={**report, **SCORE}, artifacts={"loudness_lufs": -18.25})
    page = shown(visitor, judged, result("spectral spectral"))
    table = words(page[page.index('class="figures"') :])
    assert "SDR says how near each came" in table
    assert "All stems 1 of 2 stems should be looked at residual -84.0 dB no report" in table
    assert "Vocals Clipped SDR 7.2 dB -18.2 LUFS silent" in table
    assert "Drums No fault found -18.2 LUFS silent" in table


def test_no_score_is_spoken_of_where_the_true_stems_are_unknown(
    visitor: Client, result: RESULT
) -> None:
    assert "SDR" not in shown(visitor, result(), result())


def test_the_player_is_told_what_makes_the_two_equally_loud(
    visitor: Client, result: RESULT
) -> None:
    lowered = result(artifacts={"loudness_lufs": -20.5, "gain_db": -3.25})
    page = shown(visitor, lowered, result(artifacts={"loudness_lufs": -16.0}))
    assert re.findall(r'data-gain-db="([^"]+)"', page) == ["-3.25", "0.0"]
    assert re.findall(r'data-loudness="([^"]*)"', page) == ["-20.5", "-16.0"] * 2


@pytest.mark.parametrize("theirs", [0, 1])
def test_a_stranger_of_either_job_gets_404(
    client: Client, stranger: "User", result: RESULT, theirs: int
) -> None:
    pair = [result(), result()]
    pair[theirs] = result(source=make_source(owner=stranger))
    for visitor in (stranger, pair[1 - theirs].owner):
        client.force_login(visitor)
        assert client.get(address(*pair)).status_code == 404


def test_nobody_in_particular_is_sent_to_log_in(client: Client, result: RESULT) -> None:
    answer = client.get(address(result(), result()))
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/accounts/login/")


def test_different_songs_are_refused_in_words(
    visitor: Client, owner: "User", result: RESULT
) -> None:
    other = make_source(owner=owner, original_name="Other.wav", content=wav_bytes(seed=5))
    page = shown(visitor, result(), result(source=other), 409)
    assert "“Song” and “Other” are different songs" in page


def test_different_parts_of_one_song_are_refused_in_words(visitor: Client, result: RESULT) -> None:
    stretch = {"range": {"start_s": 33.3, "end_s": 63.3, "song_s": 100.0, "song_frames": 4_410_000}}
    page = shown(visitor, result(), result(manifest=stretch), 409)
    assert "different parts of the song: the whole of it and seconds 33 to 63" in page


def test_the_same_part_of_one_song_can_be_compared(visitor: Client, result: RESULT) -> None:
    stretch = {"range": {"start_s": 33.3, "end_s": 63.3, "song_s": 100.0, "song_frames": 4_410_000}}
    shown(visitor, result(manifest=stretch), result("demucs mdx", manifest=stretch))


def test_one_and_the_same_result_is_refused(visitor: Client, result: RESULT) -> None:
    job = result()
    assert "one and the same result" in shown(visitor, job, job, 409)


def test_deleted_audio_is_refused_with_its_date(visitor: Client, result: RESULT) -> None:
    now = timezone.now()
    page = shown(visitor, result(), result(audio_deleted_at=now), 409)
    assert f"The audio of result B was deleted on {now:%Y-%m-%d}" in page


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("pending", "it is not finished yet"),
        ("failed", "it has failed"),
        ("cancelled", "it was cancelled"),
    ],
)
def test_a_job_without_a_result_is_refused_with_how_it_stands(
    visitor: Client, owner: "User", result: RESULT, status: str, said: str
) -> None:
    done = result()
    unfinished = make_job(owner=owner, source=done.source, status=status)
    page = shown(visitor, unfinished, done, 409)
    assert f"Result A cannot be heard: {said}" in page
    assert f'href="/jobs/{unfinished.pk}/"' in page


def test_a_result_that_no_player_could_take_is_refused(visitor: Client, result: RESULT) -> None:
    assert "Result B has no stems" in shown(visitor, result(), result(stems=()), 409)


def test_a_result_whose_tracks_are_none_of_the_previews_is_refused(
    visitor: Client, result: RESULT
) -> None:
    job = result()
    job.artifacts.all().delete()
    assert "has no stems that a player could take" in shown(visitor, result(), job, 409)


def test_results_of_another_length_are_refused(visitor: Client, result: RESULT) -> None:
    assert "not of the same length" in shown(visitor, result(), result(seconds=0.3), 409)


def test_more_stems_than_a_browser_plays_are_refused(visitor: Client, result: RESULT) -> None:
    many = tuple(f"stem_{n}" for n in range(9))
    page = shown(visitor, result(stems=many), result(stems=many[:8]), 409)
    assert "17 stems together" in page


def test_a_comparison_takes_few_queries_however_many_stems(
    visitor: Client, result: RESULT, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pair = result(stems=("drums", "bass", "other", "vocals")), result()
    # Session, account with preferences, and of each side the job and its tracks.
    with django_assert_num_queries(6):
        shown(visitor, *pair)
