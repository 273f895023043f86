"""Parts of a stem in the ZIP, the mixer, a mix, a link, a comparison, and in what is learned."""

import io
import json
import re
import zipfile
from typing import Any

import numpy as np
import pytest
import soundfile
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from jobs.models import Artifact, Job, Speed
from jobs.services.archive import download_name, job_zip
from jobs.services.listening.index import mixable_tracks, playable_tracks
from jobs.services.timing.devices import has_networks
from jobs.services.timing.speed import Speeds, Work, learn_speeds
from jobs.worker.outcome import ARTIFACT_FIELDS
from separation.request.separation_request import parse_request
from tests.factories import make_artifact, make_job
from tests.jobs.details.conftest import PARTS, STEMS, Sounds
from tests.listening_files import write_listening


def names(tracks: list[Artifact]) -> list[str]:
    return [track.name for track in tracks]


def test_the_zip_has_them_in_their_folders(job: Job) -> None:
    data = b"".join(job_zip(job).stream)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert set(archive.namelist()) == {
            "Harbour Lights/drums.wav",
            "Harbour Lights/vocals.wav",
            "Harbour Lights/details/drums/kick.wav",
            "Harbour Lights/details/drums/snare.wav",
            "Harbour Lights/denoised/vocals.wav",
            "Harbour Lights/manifest.json",
        }


def test_a_single_file_names_its_stem(job: Job) -> None:
    kick = job.artifacts.get(name="drums__kick")
    assert download_name(kick) == "Harbour Lights - drums - kick.wav"


def test_each_stem_is_followed_by_what_was_made_of_it(job: Job) -> None:
    everything = list(job.artifacts.all())
    assert names(playable_tracks(job, everything)) == [
        "drums", "drums__kick", "drums__snare", "vocals", "vocals_denoised",
    ]  # fmt: skip
    assert names(mixable_tracks(job, everything)) == list(STEMS)


def test_the_page_has_a_button_for_them_and_a_group_under_their_stem(
    member: Client, job: Job
) -> None:
    page = member.get(f"/jobs/{job.pk}/").content.decode()
    lanes = re.findall(r'data-lane="(\w+)"[^>]*?(?:data-parent="(\w+)" data-kind="(\w+)")?>', page)
    assert lanes == [
        ("drums", "", ""),
        ("drums__kick", "drums", "details"),
        ("drums__snare", "drums", "details"),
        ("vocals", "", ""),
        ("vocals_denoised", "vocals", "denoise"),
    ]
    assert 'aria-label="Details of Drums" data-opens="details"' in page
    assert 'aria-label="Less noise of Vocals" data-opens="denoise"' in page
    assert "data-beside" not in page
    assert "Drums, split again" in page
    assert "Together with their residual they sum to the drums." in page
    # Only stems have a digit.
    assert re.findall(r"<kbd aria-hidden=\"true\">(\d)</kbd>", page) == ["1", "2"]


def test_parts_that_overlap_say_so_and_do_not_stand_in_for_the_stem(
    member: Client, job: Job
) -> None:
    told = {"splits": {"drums": {"is_overlapping": True}}}
    job.manifest = {"stages": [{"name": "details", "details": told}]}
    job.save()
    page = member.get(f"/jobs/{job.pk}/").content.decode()
    assert "These overlap" in page
    assert page.count("data-beside") == 2


def test_the_parts_of_a_song_without_stems_are_what_is_heard(member: Client, owner: User) -> None:
    job = make_job(owner=owner, status="completed")
    sound = np.zeros((2, 44_100), np.float32)
    for part in ("drums", "vocals"):
        make_artifact(job, f"song__{part}", parent="song", stage_name="details")
    parts = {(f"song__{part}", "song"): sound for part in ("drums", "vocals")}
    write_listening(job.directory, {}, parts=parts)
    page = member.get(f"/jobs/{job.pk}/").content.decode()
    assert re.findall(r'data-lane="(\w+)"', page) == ["song__drums", "song__vocals"]
    assert "data-beside" not in page
    assert "Download the mix" in page


def test_the_page_names_the_members_of_an_ensemble(member: Client, job: Job) -> None:
    members = [
        {"model": "htdemucs", "weights": {"*": 3.0}},
        {"model": "spectral", "weights": {}},
    ]
    job.manifest = {"separation": {"separator": "ensemble", "members": members}}
    job.save()
    assert "htdemucs (3), spectral" in member.get(f"/jobs/{job.pk}/").content.decode()


def test_the_script_is_told_of_all_and_gets_their_previews(member: Client, job: Job) -> None:
    song = member.get(f"/jobs/{job.pk}/mixer.json").json()
    assert [stem["name"] for stem in song["stems"]] == [*STEMS, *PARTS]
    preview = member.get(song["stems"][2]["preview"]["url"])
    assert (preview.status_code, preview["Content-Type"]) == (200, "audio/aac")


def test_a_stranger_sees_none_of_it(client: Client, stranger: User, job: Job) -> None:
    client.force_login(stranger)
    for path in ("tracks/drums__kick/", "previews/drums__kick/", "peaks/vocals_denoised/"):
        assert client.get(f"/jobs/{job.pk}/{path}").status_code == 404


def test_a_mix_takes_parts_that_are_named_and_karaoke_takes_none(
    api: APIClient, job: Job, sounds: Sounds
) -> None:
    def mix(**choices: Any) -> Any:
        answer = api.post(f"/api/v1/jobs/{job.pk}/mix", {"format": "wav16", **choices}, "json")
        return soundfile.read(io.BytesIO(answer.getvalue()))[0].T

    assert np.abs(mix(stems=[{"name": "drums__kick"}]) - sounds["drums__kick"]).max() < 1e-4
    assert np.abs(mix(karaoke="without") - sounds["drums"]).max() < 1e-4


def test_a_link_and_a_comparison_have_the_stems_alone(member: Client, job: Job) -> None:
    page = member.get(f"/jobs/{job.pk}/").content.decode()
    shared = re.findall(r'name="stems" value="(\w+)"', page)
    assert shared == list(STEMS)


def test_the_api_names_the_parent_of_a_part(api: APIClient, job: Job) -> None:
    outputs = api.get(f"/api/v1/jobs/{job.pk}/outputs").json()["outputs"]
    assert {each["name"]: each["parent"] for each in outputs} == {
        **dict.fromkeys(STEMS, ""),
        **PARTS,
    }
    kick = next(each for each in outputs if each["name"] == "drums__kick")
    assert api.get(kick["url"]).status_code == 200


def test_no_more_lanes_than_a_browser_can_play_and_every_stem_among_them(
    job: Job, sounds: Sounds
) -> None:
    index = job.directory / "listen/index.json"
    told = json.loads(index.read_text())
    row = next(each for each in told["parts"] if each["name"] == "drums__kick")
    told["parts"] += [{**row, "name": f"drums__extra{n}"} for n in range(20)]
    index.write_text(json.dumps(told))
    for n in range(20):
        make_artifact(job, f"drums__extra{n}", parent="drums", stage_name="details", content=b"")
    tracks = playable_tracks(job, list(job.artifacts.all()))
    assert len(tracks) == 16
    assert [track.name for track in tracks if not track.parent] == list(STEMS)


def test_a_finished_job_keeps_the_parent_of_each_track() -> None:
    assert "parent" not in ARTIFACT_FIELDS, "it may be missing in manifests of older versions"


def work(**choices: Any) -> Work:
    request = parse_request({"separator": "spectral", "stages": ("separation",), **choices})
    pipeline = [stage.model_dump(mode="json") for stage in request.to_pipeline()]
    return Work.of(request.separator, request.model or "", 100.0, pipeline)


def test_each_split_and_each_member_costs_a_separation() -> None:
    # A second of song takes the masks 0.3 s at worst.
    split = {"separator": "spectral"}
    two = Speeds(()).expect(work(details=[{"stem": "drums", **split}, {"stem": "bass", **split}]))
    assert two.rates["separation"].seconds_per_second == pytest.approx(0.3)
    assert two.rates["details"].seconds_per_second == pytest.approx(2 * 0.3)
    members = [{"separator": "spectral"}] * 3
    three = Speeds(()).expect(work(separator="ensemble", ensemble={"members": members}))
    assert three.rates["separation"].seconds_per_second == pytest.approx(3 * 0.3)


@pytest.mark.django_db
def test_nothing_is_learned_of_several_separators_together(owner: User) -> None:
    job = make_job(owner=owner, status="completed")
    stage = {"status": "completed", "duration_seconds": 50.0, "details": {}}
    members = [{"separator": "spectral"}, {"separator": "demucs", "model": "htdemucs"}]
    ensemble = {"separator": "ensemble", "ensemble": {"members": members}}
    manifest = {
        "input": {"duration_s": 100.0},
        "stages": [
            {"name": "separation", "parameters": ensemble, **stage},
            {"name": "details", "parameters": {"splits": [{"stem": "drums"}]}, **stage},
            {"name": "export", "parameters": {}, **stage},
        ],
    }
    assert learn_speeds(job, manifest, host="here") == 1
    assert [row.work for row in Speed.objects.all()] == ["export"]


@pytest.mark.django_db
def test_a_network_in_details_makes_it_a_job_of_networks(owner: User) -> None:
    plain = parse_request({"separator": "spectral"})
    deep = parse_request(
        {"separator": "spectral", "details": [{"stem": "drums", "separator": "demucs"}]}
    )
    assert not has_networks(make_job(owner=owner, request=plain))
    assert has_networks(make_job(owner=owner, request=deep))
