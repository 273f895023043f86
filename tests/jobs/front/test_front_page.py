"""What visitors without an account get: the first page, and the song that it plays."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from jobs.http.throttles import ShareThrottle
from jobs.services.front_demo import FrontDemo, front_demo_dir
from tests.jobs.front.conftest import FRAMES

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db

STEMS = ["drums", "bass", "other", "vocals"]


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def first_page(client: Client) -> str:
    return client.get("/").content.decode()


def test_a_visitor_gets_one_sentence_one_button_and_the_mixer(
    client: Client, demo: FrontDemo
) -> None:
    answer = client.get("/")
    page = answer.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    assert re.findall(r'class="button[^"]*" href="([^"]+)"', page) == ["/accounts/signup/"]
    assert main.count("<h1>") == 1 and "<p" not in main[: main.index("data-mixer")]
    assert re.findall(r'data-lane="(\w+)"', page) == STEMS
    assert f'data-mixer="/demo/{demo.edition}/mixer.json"' in page
    assert not answer.cookies


def test_where_sign_up_is_closed_the_button_logs_in(
    client: Client, demo: FrontDemo, settings: Settings
) -> None:
    settings.SIGNUP_OPEN = False
    page = first_page(client)
    assert re.findall(r'class="button[^"]*" href="([^"]+)"', page) == ["/accounts/login/"]
    assert "/accounts/signup/" not in page


def test_who_is_logged_in_gets_the_upload_page(
    client: Client, demo: FrontDemo, owner: "User"
) -> None:
    client.force_login(owner)
    assert "data-mixer" not in first_page(client)


def test_without_javascript_there_is_a_player_for_each_stem(
    client: Client, demo: FrontDemo
) -> None:
    players = re.findall(r'<audio[^>]*src="([^"]+)"', first_page(client))
    assert players == [f"/demo/{demo.edition}/previews/{stem}/" for stem in STEMS]
    assert all(client.get(address)["Content-Type"] == "audio/aac" for address in players)


def test_the_song_has_the_stems_and_the_addresses_of_their_files(
    client: Client, demo: FrontDemo
) -> None:
    answer = client.get(f"/demo/{demo.edition}/mixer.json")
    song = answer.json()
    assert answer["Content-Type"] == "application/json"
    assert song["samples"] == FRAMES
    assert [stem["name"] for stem in song["stems"]] == STEMS
    assert {stem["gain"] for stem in song["stems"]} == {1.0}
    assert song["stems"][3]["activity"] == [[0.05, 0.1]]
    for stem in song["stems"]:
        assert len(body(client.get(stem["preview"]["url"]))) == stem["preview"]["sizeBytes"]
        level = stem["peaks"]["levels"][-1]
        size = level["offset"] + 2 * level["count"]
        assert len(body(client.get(stem["peaks"]["url"]))) == size


@pytest.mark.parametrize("path", ["mixer.json", "previews/drums/", "peaks/drums/"])
def test_browsers_keep_the_files_and_get_no_cookie(
    client: Client, demo: FrontDemo, path: str
) -> None:
    answer = client.get(f"/demo/{demo.edition}/{path}")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not answer.cookies and "Cookie" not in answer.get("Vary", "")


def test_a_preview_is_sent_by_ranges(client: Client, demo: FrontDemo) -> None:
    address = f"/demo/{demo.edition}/previews/vocals/"
    part = client.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part["Content-Type"]) == (206, "audio/aac")
    assert body(part) == demo.file("listen/vocals.aac").read_bytes()[100:200]
    assert client.get(address, headers={"Range": "bytes=9999999-"}).status_code == 416
    assert client.get(address, headers={"If-None-Match": part["ETag"]}).status_code == 304
    assert client.head(address)["Content-Length"] == str(demo.listening.stems[3].size_bytes)


@pytest.mark.parametrize("kind", ["previews", "peaks"])
@pytest.mark.parametrize("name", ["piano", "..", "index.json", "drums.aac", "%2e%2e%2findex.json"])
def test_unknown_names_are_not_there(client: Client, demo: FrontDemo, kind: str, name: str) -> None:
    assert client.get(f"/demo/{demo.edition}/{kind}/{name}/").status_code == 404


def test_another_edition_and_other_methods_are_refused(client: Client, demo: FrontDemo) -> None:
    missing = client.get("/demo/0123456789abcdef/mixer.json")
    assert missing.status_code == 404
    assert "immutable" not in missing.get("Cache-Control", "")
    assert client.post(f"/demo/{demo.edition}/mixer.json").status_code == 405


def without_song(client: Client, edition: str) -> None:
    page = first_page(client)
    assert "data-mixer" not in page and "<audio" not in page
    assert page.count("<h1>") == 1 and "Create an account" in page
    for path in ("mixer.json", "previews/drums/", "peaks/drums/"):
        assert client.get(f"/demo/{edition}/{path}").status_code == 404


def test_a_setting_switches_it_off(client: Client, demo: FrontDemo, settings: Settings) -> None:
    settings.FRONT_DEMO = False
    without_song(client, demo.edition)


@pytest.mark.parametrize("lost", ["index.json", "drums.aac", "vocals.peaks"])
def test_a_half_made_folder_counts_as_none(client: Client, demo: FrontDemo, lost: str) -> None:
    (front_demo_dir() / "listen" / lost).unlink()
    without_song(client, demo.edition)


def test_files_that_were_cut_count_as_none(client: Client, demo: FrontDemo) -> None:
    file = front_demo_dir() / "listen" / "bass.aac"
    file.write_bytes(file.read_bytes()[:-1])
    without_song(client, demo.edition)


def test_an_unreadable_index_counts_as_none(client: Client, demo: FrontDemo) -> None:
    (front_demo_dir() / "listen" / "index.json").write_text('{"stems": []}')
    without_song(client, demo.edition)


def test_an_address_that_asks_too_often_waits(
    client: Client, demo: FrontDemo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ShareThrottle, "THROTTLE_RATES", {"share": "2/min"})
    answers = [client.get(f"/demo/{demo.edition}/mixer.json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert "immutable" not in answers[2].get("Cache-Control", "")
    assert client.get("/").status_code == 200
