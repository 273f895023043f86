"""Presets on the upload form, which works without its script, and on the page of a job."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Job, MissingModel, Speed
from jobs.models.job import JobStatus
from separation.request.presets import PRESETS
from separation.request.separation_request import parse_request
from tests.factories import make_artifact, make_job, make_source, wav_bytes

STRETCH = {"start_s": 80.0, "end_s": 110.0, "song_s": 241.0, "song_frames": 10_628_100}


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def send(client: Client, *names: str, **fields: Any) -> Any:
    files = [SimpleUploadedFile(name, wav_bytes(seed=n)) for n, name in enumerate(names)]
    return client.post("/", {**fields, "files": files})


def card(page: str, name: str) -> str:
    """The words on one card."""
    label = re.search(rf'<label for="preset-{name}">(.*?)</label>', page, re.S)
    assert label is not None
    return " ".join(re.sub(r"<[^>]+>", " ", label[1]).split())


def usual(page: str) -> str:
    """The words about what separates, which stand once beneath the first cards."""
    found = re.search(r"<p[^>]*data-usual>(.*?)</p>", page, re.S)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def test_every_preset_is_a_card_that_says_what_it_is(member: Client, settings: Settings) -> None:
    settings.OFFLINE = False
    page = member.get("/").content.decode()
    for preset in PRESETS:
        if preset.only_where_there:
            continue
        assert card(page, preset.name).startswith(preset.label)
    assert "Own choice" in card(page, "own")
    assert "fine-tuned” is not on this server" in card(page, "best")
    assert "times the work of Fast" in card(page, "best")
    hoped = "Hybrid Transformer Demucs if it can be downloaded (84.0 MB), else Standard"
    assert hoped in usual(page) and hoped not in card(page, "fast")


def test_a_site_without_a_network_says_that_the_standard_model_does_it(
    member: Client, settings: Settings
) -> None:
    settings.OFFLINE = True
    shown = usual(member.get("/").content.decode())
    assert "Standard" in shown and "download" not in shown
    # It knows no shifts: only its windows, which overlap more, make it longer.
    assert "1.2 times the work of Fast" in card(member.get("/").content.decode(), "best")


def test_a_card_names_what_runs_where_the_better_one_could_not_be_had(
    member: Client, settings: Settings
) -> None:
    settings.OFFLINE = False
    row = {"host": "amber", "model_name": "htdemucs", "used": "standard", "reason": "No way."}
    MissingModel.objects.create(**row, seen_at=timezone.now())
    shown = usual(member.get("/").content.decode())
    assert shown.startswith("Separated by Standard.")
    assert "Hybrid Transformer Demucs could not be had when it was last tried" in shown
    assert "download" not in shown


def test_a_card_says_where_nothing_could_run(member: Client, settings: Settings) -> None:
    settings.OFFLINE, settings.DEFAULT_SEPARATOR = True, "demucs"
    shown = usual(member.get("/").content.decode())
    assert shown.startswith("Separated by Hybrid Transformer Demucs.")
    assert "Not on this server now: songs would fail" in shown
    settings.OFFLINE = False
    shown = usual(member.get("/").content.decode())
    assert "84.0 MB download at first use" in shown and "would fail" not in shown


def test_what_was_learned_stands_on_the_card(member: Client) -> None:
    rates = {"separation": 1.0, "prepare": 0.25, "listening": 0.0, "quality": 0.0, "export": 0.0}
    for work, rate in rates.items():
        Speed.objects.create(
            host="amber",
            device="cpu",
            work=work,
            separator="auto",
            model_name="htdemucs",
            seconds_per_second=rate,
        )
    assert "A song of 4 minutes in about 5 min here" in card(member.get("/").content.decode(), "dj")


def test_a_preset_counts_for_every_song_of_a_form_and_the_rest_of_the_form_does_not(
    member: Client,
) -> None:
    send(
        member,
        "a.wav",
        "b.wav",
        preset="preview",
        format="mp3",
        model="demucs:htdemucs",
        stages=["composite"],
        shifts="7",
    )
    requests = [job.request for job in Job.objects.all()]
    assert [request["preset"] for request in requests] == ["preview", "preview"]
    for request in requests:
        assert (request["separator"], request["model"]) == ("auto", None)
        assert (request["shifts"], request["stages"]) == (0, ["separation"])
        assert (request["range_length_s"], request["format"]) == (30.0, "mp3")


def test_a_song_that_shall_stay_here_stays_here_with_a_preset_too(
    member: Client, settings: Settings
) -> None:
    settings.REMOTE_URL = "http://gpu.example.org"
    send(member, "a.wav", preset="fast", stay_here="on")
    assert Job.objects.get().request["allow_remote"] is False


def test_a_preset_that_does_not_exist_is_refused_in_words(member: Client) -> None:
    answer = send(member, "a.wav", preset="loud")
    assert answer.status_code == 400
    assert "loud is not one of the available choices" in answer.content.decode()
    assert not Job.objects.exists()


def test_a_file_for_djs_can_be_had_with_an_own_choice(member: Client) -> None:
    send(member, "a.wav", model="auto", stages=["separation"], ni_stems="on")
    assert Job.objects.get().request["ni_stems"] is True
    refused = send(
        member, "b.wav", model="auto", stages=["separation"], ni_stems="on", stem_choice="karaoke"
    )
    assert "needs all stems" in refused.content.decode()


def preview(owner: User, **fields: Any) -> Job:
    request = parse_request(
        {"preset": "preview", "stages": ("separation",), "range_length_s": 30.0, "format": "mp3"}
    )
    values = {"status": JobStatus.COMPLETED, "manifest": {"range": STRETCH}, **fields}
    source = make_source(owner=owner, duration_s=241.0)
    return make_job(owner=owner, source=source, request=request, **values)


def test_a_preview_says_which_seconds_it_is_of(member: Client, owner: User) -> None:
    page = member.get(f"/jobs/{preview(owner).pk}/").content.decode()
    assert "This is a preview: seconds 80 to 110 of a song of 4:01." in page
    assert "Separate the whole song" in page


def test_one_click_separates_the_whole_song_once(member: Client, owner: User) -> None:
    job = preview(owner)
    answers = [member.post(f"/jobs/{job.pk}/whole/", {"preset": "best"}) for _ in range(2)]
    made = Job.objects.exclude(pk=job.pk).get()
    assert {answer.headers["Location"] for answer in answers} == {f"/jobs/{made.pk}/"}
    assert made.source == job.source
    assert (made.request["preset"], made.request["range_length_s"]) == ("best", None)
    assert (made.request["format"], made.request["shifts"]) == ("mp3", 2)


def test_a_stranger_cannot_have_the_song_separated(
    client: Client, owner: User, stranger: User
) -> None:
    job = preview(owner)
    client.force_login(stranger)
    assert client.post(f"/jobs/{job.pk}/whole/", {"preset": "fast"}).status_code == 404
    assert Job.objects.count() == 1


def test_what_cannot_be_queued_is_said_on_the_page_of_the_preview(
    member: Client, owner: User
) -> None:
    job = preview(owner)
    wrong = member.post(f"/jobs/{job.pk}/whole/", {"preset": "loud"}, follow=True)
    assert "There is no preset &#x27;loud&#x27;" in wrong.content.decode()
    job.source.path.unlink()
    page = member.get(f"/jobs/{job.pk}/").content.decode()
    assert "This is a preview" in page and "Separate the whole song" not in page


def test_a_whole_song_is_called_nothing_else(member: Client, owner: User) -> None:
    job = make_job(owner=owner, status=JobStatus.COMPLETED)
    page = member.get(f"/jobs/{job.pk}/").content.decode()
    assert "preview:" not in page and "whole song" not in page


def test_the_file_for_djs_is_a_track_with_an_ending_that_decks_know(
    member: Client, owner: User
) -> None:
    source = make_source(owner=owner, original_name="Night train.wav")
    job = make_job(owner=owner, source=source, status=JobStatus.COMPLETED)
    make_artifact(
        job, "ni_stems", stage_name="export", path="ni_stems/stems.stem.mp4", content=b"sound"
    )
    page = member.get(f"/jobs/{job.pk}/").content.decode()
    assert "For DJs" in page and "All stems in one file" in page
    answer = member.get(f"/jobs/{job.pk}/tracks/ni_stems/")
    assert answer.headers["Content-Disposition"] == ('attachment; filename="Night train.stem.mp4"')
    assert answer.headers["Content-Type"] == "audio/mp4"
    packed = b"".join(member.get(f"/jobs/{job.pk}/tracks.zip").streaming_content)  # type: ignore[attr-defined]
    assert b"Night train/ni_stems.stem.mp4" in packed
