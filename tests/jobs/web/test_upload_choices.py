"""The upload page's three main choices, what is below "More", and the times that it tells."""

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from jobs.models import Job, Preferences, Speed
from jobs.services.presets import site_presets
from jobs.services.timing.progress import about
from jobs.services.timing.speed import Speeds, Work
from jobs.web.uploads.choices import MAIN_PRESETS
from tests.factories import wav_bytes
from tests.javascript.node import find_node

RATES = {
    "separation": 0.5,
    "prepare": 0.05,
    "listening": 0.02,
    "harmonic_percussive": 0.1,
    "composite": 0.02,
    "normalization": 0.03,
    "quality": 0.01,
    "export": 0.04,
}


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


@pytest.fixture
def learned(db: None) -> None:
    for work, rate in RATES.items():
        row = {"separator": "auto", "model_name": "standard"} if work == "separation" else {}
        Speed.objects.create(host="amber", device="cpu", work=work, seconds_per_second=rate, **row)


def shown(member: Client) -> str:
    return member.get("/").content.decode()


def split(page: str) -> tuple[str, str]:
    """What is before "More", and what is in it."""
    before, _, rest = page.partition('<details class="more-choice"')
    return before, rest.partition("upload__go")[0]


def is_open(page: str) -> bool:
    found = re.search(r'<details class="more-choice"[^>]*>', page)
    assert found is not None
    return " open" in found[0]


def presets_in(markup: str) -> list[str]:
    return re.findall(r'name="preset" id="[^"]+" value="([^"]*)"', markup)


def paces(page: str) -> dict[str, dict[str, float]]:
    """The numbers on the card of each preset."""
    cards = re.findall(r'<label for="preset-(\w+)">(.*?)</label>', page, re.S)
    found = {name: re.search(r"<span[^>]*data-time[^>]*>", card) for name, card in cards}
    return {
        name: {key: float(value) for key, value in re.findall(r'data-([\w-]+)="([^"]+)"', tag[0])}
        for name, tag in found.items()
        if tag
    }


def test_three_choices_come_first_and_all_others_wait_below_more(member: Client) -> None:
    first, more = split(shown(member))
    assert presets_in(first) == list(MAIN_PRESETS) == ["stems", "karaoke", "full"]
    assert presets_in(more) == ["preview", "fast", "best", "dj", ""]
    assert 'name="model"' in more and 'name="format"' in more and 'name="stages"' in more
    assert 'name="model"' not in first and 'name="format"' not in first
    assert not is_open(shown(member))


@pytest.mark.parametrize(
    ("stored", "opens"),
    [
        ({"preset": "karaoke"}, False),
        ({"preset": "best"}, True),
        ({"model": "spectral:spectral"}, True),
        ({"preset": "stems", "format": "mp3"}, True),
    ],
)
def test_more_is_open_where_ones_own_defaults_are_in_it(
    member: Client, owner: User, stored: dict[str, Any], opens: bool
) -> None:
    Preferences.objects.create(owner=owner, defaults=stored)
    assert is_open(shown(member)) is opens


@pytest.mark.parametrize(
    ("fields", "opens"),
    [
        ({"preset": "stems"}, False),
        ({"preset": "stems", "format": "flac24"}, False),
        ({"preset": "loud"}, True),
        ({"preset": "", "stages": []}, True),
        ({"preset": "full", "format": "mp3"}, True),
    ],
)
def test_more_is_open_where_the_form_comes_back_with_something_in_it(
    member: Client, fields: dict[str, Any], opens: bool
) -> None:
    answer = member.post("/", fields)
    assert answer.status_code == 400
    assert is_open(answer.content.decode()) is opens


@pytest.mark.parametrize("name", MAIN_PRESETS)
def test_each_main_choice_is_sent_by_the_plain_form(member: Client, name: str) -> None:
    member.post("/", {"preset": name, "files": SimpleUploadedFile("a.wav", wav_bytes())})
    assert Job.objects.get().request["preset"] == name


@pytest.mark.usefixtures("learned")
@pytest.mark.parametrize("song_s", [10.0, 95.0, 700.0])
def test_the_numbers_on_a_card_give_what_the_model_of_time_expects(
    member: Client, song_s: float
) -> None:
    told = paces(shown(member))
    assert set(told) >= {*MAIN_PRESETS, "preview", "best"}
    for row in site_presets():
        pipeline = [stage.model_dump(mode="json") for stage in row.request.to_pipeline()]
        work = Work.of(row.request.separator, row.request.model or "", song_s, pipeline)
        card = told[row.name]
        kept_s = min(song_s, card.get("longest-s", song_s))
        seconds = card["start-s"] + card["seconds-per-second"] * kept_s
        assert seconds == pytest.approx(Speeds.load().expect(work).seconds)


@pytest.mark.usefixtures("learned")
def test_before_a_song_is_chosen_a_song_of_four_minutes_is_the_example(member: Client) -> None:
    first, _ = split(shown(member))
    stems = next(row for row in site_presets() if row.name == "stems")
    assert stems.seconds is not None
    assert f"A song of 4 minutes in about {about(stems.seconds)} here" in first
    assert first.count("A song of 4 minutes") == len(MAIN_PRESETS)


def test_no_time_is_told_where_nothing_was_measured(member: Client) -> None:
    page = shown(member)
    assert paces(page) == {} and "A song of 4 minutes" not in page
    first, _ = split(page)
    assert "times the work" not in first


def test_what_separates_is_said_once(member: Client) -> None:
    page = shown(member)
    assert page.count("Separated by ") == 1
    first, _ = split(page)
    usual = site_presets()[0]
    assert f"Separated by {usual.uses}." in html.unescape(first)
    assert usual.quality and usual.quality in html.unescape(first)
    assert html.unescape(first).count(usual.uses) == 1


def test_a_mail_that_the_site_cannot_send_has_no_box(member: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "notify_by_email" not in shown(member)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    page = shown(member)
    assert "notify_by_email" in page and "is not confirmed yet" in page


def test_the_script_says_a_time_as_the_server_says_it() -> None:
    seconds = [0.4, 7.6, 44.0, 84.0, 88.0, 89.9, 91.0, 149.0, 3599.0, 5398.0, 5401.0, 7300.0, 9e4]
    script = (Path(project.BASE_DIR) / "static/js/upload-time.js").as_uri()
    code = f"""
        const {{ about }} = await import({json.dumps(script)});
        console.log(JSON.stringify({json.dumps(seconds)}.map(about)));
    """
    command = [find_node(), "--input-type=module", "--eval", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [about(each) for each in seconds]
