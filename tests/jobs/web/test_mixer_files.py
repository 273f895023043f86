"""What the mixer fetches: the song's description, previews by ranges, peaks; for the owner only."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest
from django.conf import settings
from django.test import Client

from jobs.models import Job, Source
from jobs.services.listening.index import COVER, INDEX
from jobs.services.listening.waveform import COLOURS
from tests.factories import make_artifact, make_job
from tests.listening_files import write_listening
from tests.separation.audio.pictures import picture

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SECONDS = 2.0


@pytest.fixture
def job(owner: "User") -> Job:
    job = make_job(owner=owner, status="completed")
    random = np.random.default_rng(3)
    sounds = {
        name: random.normal(0, 0.1, (2, round(SECONDS * 44_100))).astype(np.float32)
        for name in ("drums", "vocals")
    }
    for name in sounds:
        make_artifact(job, name)
    write_listening(job.directory, sounds, {"vocals": [[0.5, 1.5]]})
    return job


@pytest.fixture
def song(client: Client, owner: "User", job: Job) -> dict[str, Any]:
    client.force_login(owner)
    return client.get(f"/jobs/{job.pk}/mixer.json").json()


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_the_song_tells_its_stems_and_where_somebody_sings(song: dict[str, Any]) -> None:
    assert [stem["name"] for stem in song["stems"]] == ["drums", "vocals"]
    assert song["samples"] == round(SECONDS * 44_100)
    assert song["delaySamples"] == 1024
    assert [stem["activity"] for stem in song["stems"]] == [[], [[0.5, 1.5]]]


def test_the_song_tells_what_the_lock_screen_shows(
    client: Client, job: Job, song: dict[str, Any]
) -> None:
    Source.objects.filter(pk=job.source_id).update(artist="The Lights")
    (job.directory / COVER).write_bytes(picture())
    told = client.get(f"/jobs/{job.pk}/mixer.json").json()["about"]
    assert told == {
        "title": job.source.label, "artist": "The Lights", "cover": f"/jobs/{job.pk}/cover.jpg",
    }  # fmt: skip
    assert song["about"]["cover"] == "", "no picture, no address"


def test_a_preview_is_sent_by_the_ranges_of_its_index(
    client: Client, job: Job, song: dict[str, Any]
) -> None:
    preview = song["stems"][1]["preview"]
    start, end = preview["offsets"][1:3]
    part = client.get(preview["url"], headers={"Range": f"bytes={start}-{end - 1}"})
    assert part.status_code == 206
    assert part["Content-Type"] == "audio/aac"
    whole = (job.directory / "listen/vocals.aac").read_bytes()
    sent = body(part)
    assert sent == whole[start:end]
    assert sent[0] == 0xFF, "a frame begins with its sync word"


def test_a_preview_that_the_browser_holds_is_not_sent_again(
    client: Client, song: dict[str, Any]
) -> None:
    url = song["stems"][0]["preview"]["url"]
    known = client.get(url)
    body(known)
    assert client.get(url, headers={"If-None-Match": known["ETag"]}).status_code == 304


def test_another_preview_in_its_place_has_another_tag(
    client: Client, job: Job, song: dict[str, Any]
) -> None:
    url = song["stems"][0]["preview"]["url"]
    before = client.head(url)["ETag"]
    (job.directory / "listen/drums.aac").write_bytes(b"other")
    assert client.head(url)["ETag"] != before


def test_peaks_hold_the_highest_and_lowest_samples(client: Client, song: dict[str, Any]) -> None:
    peaks = song["stems"][0]["peaks"]
    pairs = np.frombuffer(body(client.get(peaks["url"])), np.int8)
    coarsest = peaks["levels"][-1]
    last = pairs[coarsest["offset"] :].reshape(-1, 2)
    assert last.shape[0] == coarsest["count"]
    assert last[:, 0].max() < 0 < last[:, 1].min()


def test_the_page_has_a_lane_for_each_stem(client: Client, owner: "User", job: Job) -> None:
    client.force_login(owner)
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert page.count("data-lane=") == 2
    assert f'data-mixer="/jobs/{job.pk}/mixer.json"' in page


@pytest.mark.parametrize("path", ["mixer.json", "previews/vocals/", "peaks/vocals/"])
def test_a_stranger_gets_404_and_who_is_logged_out_the_log_in_page(
    client: Client, stranger: "User", job: Job, path: str
) -> None:
    address = f"/jobs/{job.pk}/{path}"
    assert client.get(address).status_code == 302
    client.force_login(stranger)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["piano", "..", "vocals.aac", "index.json"])
def test_only_stems_of_the_index_are_sent(
    client: Client, owner: "User", job: Job, name: str
) -> None:
    client.force_login(owner)
    assert client.get(f"/jobs/{job.pk}/previews/{name}/").status_code == 404


def test_a_job_of_an_older_version_has_no_mixer_and_keeps_its_players(
    client: Client, owner: "User"
) -> None:
    job = make_job(owner=owner, status="completed")
    make_artifact(job, "vocals")
    client.force_login(owner)
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "data-mixer" not in page
    assert "<audio" in page
    assert client.get(f"/jobs/{job.pk}/mixer.json").status_code == 404


def test_an_unreadable_index_costs_the_mixer_and_not_the_page(
    client: Client, owner: "User", job: Job
) -> None:
    (job.directory / INDEX).write_text('{"version": 1')
    client.force_login(owner)
    page = client.get(f"/jobs/{job.pk}/")
    assert page.status_code == 200
    assert b"data-mixer" not in page.content


def test_an_index_that_leads_out_of_the_folder_is_refused(
    client: Client, owner: "User", job: Job
) -> None:
    index = json.loads((job.directory / INDEX).read_text())
    index["stems"][0]["preview"] = "listen/../manifest.json"
    (job.directory / "manifest.json").write_text("{}")
    (job.directory / INDEX).write_text(json.dumps(index))
    client.force_login(owner)
    with pytest.raises(ValueError, match="leaves the folder"):
        client.get(f"/jobs/{job.pk}/previews/drums/")


def test_deleted_audio_is_not_played(client: Client, owner: "User", job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(audio_deleted_at=job.completed_at)
    client.force_login(owner)
    assert b"data-mixer" not in client.get(f"/jobs/{job.pk}/").content
    assert client.get(f"/jobs/{job.pk}/previews/drums/").status_code == 404


def test_a_preview_that_is_gone_from_the_disk_is_404(
    client: Client, owner: "User", job: Job
) -> None:
    (job.directory / "listen/drums.aac").unlink()
    client.force_login(owner)
    assert client.get(f"/jobs/{job.pk}/previews/drums/").status_code == 404


def test_the_history_has_a_picture_of_the_waveform(
    client: Client, job: Job, song: dict[str, Any]
) -> None:
    address = f"/jobs/{job.pk}/waveform.svg"
    assert f'src="{address}"' in client.get("/jobs/").content.decode()
    picture = client.get(address)
    assert picture["Content-Type"] == "image/svg+xml"
    root = ElementTree.fromstring(picture.content)
    drums, vocals = root.iter("{http://www.w3.org/2000/svg}path")
    # 48 columns, each above and below the middle; vocals lie on the drums, and reach the edge.
    assert drums.attrib["d"].count("M") == vocals.attrib["d"].count("M") == 96
    assert "M0.0 0.0" in vocals.attrib["d"] or " 0.0h" in vocals.attrib["d"]
    again = client.get(address, headers={"If-None-Match": picture["ETag"]})
    assert again.status_code == 304


def test_a_job_without_peaks_has_no_picture(client: Client, owner: "User") -> None:
    client.force_login(owner)
    job = make_job(owner=owner, status="completed")
    assert client.get(f"/jobs/{job.pk}/waveform.svg").status_code == 404


def test_a_picture_has_the_colours_of_the_stems() -> None:
    tokens = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    assert dict(re.findall(rf"--({'|'.join(COLOURS)}): (#\w+);", tokens)) == COLOURS


def test_a_song_with_a_cover_shows_it_in_the_history_and_on_its_page(
    client: Client, job: Job, song: dict[str, Any]
) -> None:
    address = f"/jobs/{job.pk}/cover.jpg"
    pages = ["/jobs/", f"/jobs/{job.pk}/"]
    assert not any(address in client.get(page).content.decode() for page in pages)
    assert client.get(address).status_code == 404
    (job.directory / COVER).write_bytes(picture())
    assert all(f'src="{address}"' in client.get(page).content.decode() for page in pages)
    shown = client.get(address)
    assert (shown["Content-Type"], body(shown)) == ("image/jpeg", picture())
    assert shown["X-Content-Type-Options"] == "nosniff"


def test_a_song_of_silence_has_an_empty_picture(client: Client, owner: "User") -> None:
    client.force_login(owner)
    job = make_job(owner=owner, status="completed")
    write_listening(job.directory, {"drums": np.zeros((2, 44_100), np.float32)})
    assert 'd=""' in client.get(f"/jobs/{job.pk}/waveform.svg").content.decode()


def test_a_stranger_sees_no_picture(client: Client, stranger: "User", job: Job) -> None:
    (job.directory / COVER).write_bytes(picture())
    client.force_login(stranger)
    for name in ("waveform.svg", "cover.jpg"):
        assert client.get(f"/jobs/{job.pk}/{name}").status_code == 404
