"""The upload form, with and without its script."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from jobs.models import Batch, Job, Source, Speed
from jobs.models.job import JobStatus
from tests.factories import make_job, wav_bytes

STAGES = ["separation", "harmonic_percussive", "composite", "normalization"]


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def song(name: str = "Song.wav", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, wav_bytes() if content is None else content)


def send(client: Client, *files: SimpleUploadedFile, script: bool = False, **fields: Any) -> Any:
    data = {"model": "spectral:spectral", "stages": STAGES, **fields, "files": list(files)}
    headers = {"Accept": "application/json"} if script else {"Accept": "text/html"}
    return client.post("/", data, headers=headers)


def left_behind(root: Path) -> list[Path]:
    return [
        path for name in ("uploads", "tmp") for path in (root / name).rglob("*") if path.is_file()
    ]


def test_one_song_leads_to_the_page_of_its_job(member: Client, owner: User) -> None:
    answer = send(member, song("Night train.wav"))
    job = Job.objects.get()
    assert answer.headers["Location"] == reverse("jobs:detail", args=[job.pk])
    assert (job.owner, job.status, job.separator) == (owner, JobStatus.PENDING, "spectral")
    assert job.source.original_name == "Night train.wav"
    assert job.source.path.read_bytes() == wav_bytes()


def test_a_song_may_be_kept_on_this_machine(member: Client, settings: Settings) -> None:
    assert b"stay_here" not in member.get("/").content
    settings.REMOTE_URL = "http://gpu.example.org"
    assert b"stay_here" in member.get("/").content
    send(member, song(), stay_here="on", allow_smaller_model="on")
    send(member, song())
    careful, usual = Job.objects.order_by("created_at")
    assert careful.request["allow_remote"] is False
    assert careful.request["allow_smaller_model"] is True
    assert usual.request["allow_remote"] is True
    assert usual.request["allow_smaller_model"] is False


def test_several_songs_become_several_jobs_and_lead_to_their_batch(member: Client) -> None:
    answer = send(member, song("a.wav"), song("b.wav"), song("c.wav"))
    batch = Batch.objects.get()
    assert answer.headers["Location"] == reverse("jobs:batch", args=[batch.pk])
    names = Job.objects.values_list("source__original_name", flat=True)
    assert sorted(names) == ["a.wav", "b.wav", "c.wav"]


def test_a_bad_song_does_not_hold_back_the_others(member: Client, site_paths: Path) -> None:
    send(member, song("good.wav"), song("bad.wav", b"no music here, only words" * 20))
    assert [job.source.original_name for job in Job.objects.all()] == ["good.wav"]
    page = member.get(reverse("jobs:history")).content.decode()
    assert "bad.wav: " in page
    assert "1 of 2 songs are in the queue." in page
    assert left_behind(site_paths) == [Source.objects.get().path]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"no music here, only words" * 20, 415, "unsupported_format"),
        (b"", 400, "empty_audio"),
        (wav_bytes()[:30], 400, "corrupt_audio"),
    ],
    ids=("not music", "no bytes", "cut off"),
)
def test_a_bad_song_is_refused_in_words_and_leaves_nothing(
    member: Client, site_paths: Path, content: bytes, status: int, code: str
) -> None:
    answer = send(member, song("Song.wav", content), script=True)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    sentence = answer.json()["detail"]
    page = send(member, song("Song.wav", content))
    assert page.status_code == status
    assert "Song.wav" in page.content.decode()
    assert sentence[:20] in page.content.decode()
    assert not Job.objects.exists()
    assert not Source.objects.exists()
    assert left_behind(site_paths) == []


def test_a_song_over_the_limit_is_dropped_while_it_arrives(
    member: Client, site_paths: Path, settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = 50_000
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1
    answer = send(member, song("big.wav"), song("small.wav", wav_bytes(0.1)))
    assert answer.status_code == 302
    assert [job.source.original_name for job in Job.objects.all()] == ["small.wav"]
    assert "big.wav: The file is larger" in member.get(reverse("jobs:history")).content.decode()
    assert left_behind(site_paths) == [Source.objects.get().path]


def test_a_body_of_absurd_length_is_refused_unread(member: Client, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    answer = send(member, song())
    assert answer.status_code == 413
    assert "too much at once" in answer.content.decode()
    told = send(member, song(), script=True)
    assert (told.status_code, told.json()["code"]) == (413, "too_large")


def test_an_upload_that_would_fill_the_disk_is_refused(member: Client, settings: Settings) -> None:
    settings.MIN_FREE_BYTES = 10**18
    answer = send(member, song(), script=True)
    assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")


def test_an_account_over_its_quota_is_told_so(
    member: Client, owner: User, settings: Settings
) -> None:
    settings.MAX_ACTIVE_JOBS = 1
    make_job(owner=owner)
    answer = send(member, song(), script=True)
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_exceeded")
    assert Source.objects.count() == 1  # that of the job before


def test_the_script_gets_the_address_of_the_job(member: Client) -> None:
    answer = send(member, song(), script=True)
    assert answer.status_code == 201
    assert answer.json() == {"url": reverse("jobs:detail", args=[Job.objects.get().pk])}


def test_a_form_without_a_song_asks_for_one(member: Client) -> None:
    answer = send(member)
    assert answer.status_code == 400
    assert "Choose at least one audio file." in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stages": []}, "Choose at least one thing to make."),
        ({"stages": ["composite"]}, "needs the stage"),
        ({"model": "magic"}, "magic is not one of the available choices"),
        ({"overlap": "2"}, "Overlap of segments"),
        ({"stem_choice": "chosen"}, "Select at least one stem"),
        ({"stem_choice": "chosen", "stems": ["piano"]}, "gives no stem"),
    ],
)
def test_choices_that_cannot_be_are_refused_in_words(
    member: Client, site_paths: Path, fields: dict[str, Any], words: str
) -> None:
    answer = send(member, song(), script=True, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_options")
    assert words in answer.json()["detail"]
    assert left_behind(site_paths) == []


def test_a_refused_form_keeps_what_was_chosen(member: Client) -> None:
    page = send(member, format="flac16", stem_choice="karaoke", seed="7").content.decode()
    assert '<option value="flac16" selected>' in page
    assert 'value="karaoke" checked' in page
    assert 'value="7"' in page


def test_choices_reach_the_job(member: Client) -> None:
    send(
        member,
        song(),
        model="demucs:htdemucs_6s",
        stem_choice="chosen",
        stems=["piano", "vocals"],
        stages=["separation", "normalization"],
        format="mp3",
        mp3_bitrate_kbps="192",
        shifts="2",
        target_db="-14",
        level_measure="lufs",
        normalize="each",
        minus="on",
    )
    chosen = Job.objects.get().request
    assert (chosen["separator"], chosen["model"]) == ("demucs", "htdemucs_6s")
    assert sorted(chosen["stems"]) == ["piano", "vocals"]
    assert chosen["stages"] == ["separation", "normalization"]
    assert (chosen["format"], chosen["mp3_bitrate_kbps"], chosen["shifts"]) == ("mp3", 192, 2)
    assert (chosen["target_db"], chosen["level_measure"], chosen["minus"]) == (-14.0, "lufs", True)
    assert chosen["normalize"] == "each"


def test_karaoke_asks_for_the_vocals_and_the_rest(member: Client) -> None:
    send(member, song(), stem_choice="karaoke")
    assert Job.objects.get().request["two_stems"] == "vocals"


def test_the_path_of_a_repository_cannot_be_sent(member: Client) -> None:
    send(member, song(), repo="/etc")
    assert Job.objects.get().request["repo"] is None


def test_nobody_in_particular_uploads_nothing(client: Client, db: None, site_paths: Path) -> None:
    assert send(client, song()).headers["Location"] == "/accounts/login/?next=/"
    answer = send(client, song(), script=True)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (401, "not_authenticated")
    assert left_behind(site_paths) == []


def test_a_form_of_another_site_uploads_nothing(owner: User, site_paths: Path) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    page = send(client, song())
    assert page.status_code == 403 and "The form has expired" in page.content.decode()
    told = send(client, song(), script=True)
    assert (told.status_code, told.json()["code"]) == (403, "permission_denied")
    assert "Load the page again" in told.json()["detail"]
    assert not Source.objects.exists()
    assert left_behind(site_paths) == []


def test_the_form_states_download_and_licence_of_every_model(
    member: Client, settings: Settings
) -> None:
    settings.OFFLINE = False
    page = member.get("/").content.decode()
    for words in ("84.0 MB download at first use", "Research only", "No download", "MUSDB18-HQ"):
        assert words in page


def test_the_card_of_a_model_promises_no_download_that_will_not_be(
    member: Client, settings: Settings
) -> None:
    page = member.get("/").content.decode()
    assert "Cannot run: its weights are not on this server" in page and "at first use" not in page
    folder = settings.MODEL_DIR / "htdemucs"
    folder.mkdir(parents=True)
    (folder / "htdemucs.yaml").write_text("models: ['955717e8']\n")
    (folder / "955717e8-8726e21a.th").write_bytes(b"weights")
    assert "Its weights are here" in member.get("/").content.decode()


def test_the_page_proposes_lossless_flac(member: Client) -> None:
    assert '<option value="flac24" selected>' in member.get("/").content.decode()


def test_a_model_that_has_run_here_says_how_fast(member: Client) -> None:
    assert "of audio in" not in member.get("/").content.decode()
    Speed.objects.create(
        host="here", device="cpu", work="separation", separator="spectral", model_name="spectral",
        seconds_per_second=0.05,
    )  # fmt: skip
    page = member.get("/").content.decode()
    assert page.count("A minute of audio in 3.0 s here") == 1


def stem_boxes(member: Client) -> dict[str, str]:
    page = member.get("/").content.decode()
    return dict(re.findall(r'name="stems" value="(\w+)".*?<span>(.*?)</span>', page))


def test_a_stem_that_few_models_give_names_them(member: Client, settings: Settings) -> None:
    settings.OFFLINE = False
    boxes = stem_boxes(member)
    assert {stem for stem, words in boxes.items() if " only" in words} == {
        "accompaniment",
        "guitar",
        "piano",
    }


def test_a_stem_that_no_model_here_can_give_has_no_box(member: Client, settings: Settings) -> None:
    settings.OFFLINE = True
    assert set(stem_boxes(member)) == {"drums", "bass", "other", "vocals"}


def test_every_model_says_which_stems_belong_to_it(member: Client) -> None:
    page = member.get("/").content.decode()
    stems = dict(re.findall(r'name="model"[^>]* value="([^"]+)" data-stems="([^"]*)"', page))
    assert stems["demucs:htdemucs_6s"].split() == [
        "drums", "bass", "other", "vocals", "guitar", "piano",
    ]  # fmt: skip
    assert set(stems["auto"].split()) == {"drums", "bass", "other", "vocals"}
