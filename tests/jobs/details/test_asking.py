"""Asking for details, less noise and ensembles: form, API, command line, presets."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.models import Job
from jobs.services import presets
from jobs.services.job.request_validation import changed_request, check_request
from jobs.services.site_models import available
from jobs.web.uploads import choices
from separation.ensemble import Ensemble
from separation.errors import InvalidOptions, LicenceRefused, ModelUnavailable
from separation.request.presets import can_run, find_preset, resolve, with_preset
from separation.request.separation_request import parse_request
from tests.factories import wav_bytes

MEMBERS = [{"separator": "spectral"}, {"separator": "spectral", "weights": {"vocals": 2}}]


def song() -> SimpleUploadedFile:
    return SimpleUploadedFile("Song.wav", wav_bytes())


def send(client: Client, **fields: Any) -> Any:
    stages = ["separation"]
    data = {"model": "spectral:spectral", "stages": stages, "files": [song()], **fields}
    return client.post("/", data)


def test_the_form_offers_them_folded_and_works_without_a_script(member: Client) -> None:
    page = member.get("/").content.decode()
    for stem in ("drums", "vocals", "song"):
        assert f'<select name="details_{stem}"' in page
    panel = page.partition("Split stems again, reduce noise")[0].rpartition("<details")[2]
    assert "open" not in panel
    assert re.search(r'name="denoise_strength" value="0.5"', page)


def test_what_the_form_says_becomes_the_job_s_pipeline(member: Client) -> None:
    send(member, details_drums="spectral:spectral", denoise_stem="vocals", denoise_strength="0.8")
    job = Job.objects.get()
    assert [stage["name"] for stage in job.pipeline] == [
        "prepare", "separation", "details", "denoise", "listening", "quality", "export",
    ]  # fmt: skip
    split = job.pipeline[2]["params"]["splits"][0]
    assert (split["stem"], split["separator"], split["model"]) == (
        "drums",
        "spectral",
        "spectral",
    )
    assert job.pipeline[3]["params"] == {"stems": [{"stem": "vocals", "strength": 0.8}]}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"details_drums": "magic"}, "valid choice"),
        ({"details_piano": "spectral:spectral"}, "no stem &#x27;piano&#x27;"),
        ({"denoise_stem": "guitar"}, "no stem &#x27;guitar&#x27;"),
        ({"denoise_stem": "vocals", "denoise_strength": "2"}, "less than or equal to 1"),
        ({"stem_choice": "karaoke", "denoise_stem": "drums"}, "does not separate"),
    ],
)
def test_a_wrong_choice_of_the_form_is_shown_with_the_choice_kept(
    member: Client, fields: dict[str, str], said: str
) -> None:
    answer = send(member, **fields)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Job.objects.exists()


def test_the_api_takes_short_notations_in_a_form(api: APIClient) -> None:
    fields = {
        "file": song(),
        "separator": "spectral",
        "details": "drums=spectral,song=spectral:spectral",
        "denoise": "vocals=0.25",
    }
    answer = api.post("/api/v1/jobs", fields)
    assert answer.status_code == 201, answer.json()
    request = answer.json()["request"]
    assert [(each["stem"], each["separator"]) for each in request["details"]] == [
        ("drums", "spectral"),
        ("song", "spectral"),
    ]
    assert request["denoise"] == [{"stem": "vocals", "strength": 0.25}]


def test_the_api_takes_objects_as_options_of_an_upload(api: APIClient) -> None:
    options = {
        "ensemble": {"members": MEMBERS, "combine": "mean"},
        "details": [{"stem": "drums", "separator": "spectral", "two_stems": "bass"}],
        "denoise": [{"stem": "vocals"}],
    }
    upload = {"name": "song.wav", "size_bytes": len(wav_bytes()), "options": options}
    made = api.post("/api/v1/uploads", upload, "json")
    assert made.status_code == 201, made.json()
    sent = api.put(made.json()["url"], wav_bytes(), content_type="application/octet-stream")
    assert sent.status_code in (200, 201), sent.content
    job = Job.objects.get()
    assert job.separator == "ensemble"
    assert [m["weights"] for m in job.request["ensemble"]["members"]] == [{}, {"vocals": 2.0}]
    assert job.request["details"][0]["two_stems"] == "bass"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"details": "drums"}, "write it as drums=spectral"),
        ({"details": "drums=magic"}, "no separator 'magic'"),
        ({"details": "drums=demucs:magic"}, "no model 'magic'"),
        ({"details": "flute=spectral"}, "no stem 'flute' to work on. It has: drums"),
        ({"details": [{"stem": "drums", "separator": "spectral", "stems": ["x"]}]}, "no stem 'x'"),
        ({"denoise": "drums=5"}, "strength"),
        ({"denoise": "flute"}, "no stem 'flute'"),
        ({"ensemble": "nobody"}, "no ensemble 'nobody'"),
        ({"ensemble": {"members": []}}, "2 to 4 members"),
        (
            {"ensemble": {"members": [{"separator": "spectral", "weights": {"flute": 1}}] * 2}},
            "weighs the stem 'flute'",
        ),
        (
            {"ensemble": {"members": [{"separator": "spectral", "weights": 10**400}] * 2}},
            "0 to 1000",
        ),
        ({"ensemble": {"members": [MEMBERS[0], {"separator": "magic"}]}}, "separator 'magic'"),
        (
            {
                "ensemble": {
                    "members": [MEMBERS[0], {"separator": "demucs", "model": "htdemucs_6s"}]
                }
            },
            "give different stems",
        ),
    ],
)
def test_what_is_wrong_is_told_before_a_byte_is_sent(
    api: APIClient, options: dict[str, Any], said: str
) -> None:
    options = {"separator": "spectral", **options} if "ensemble" not in options else options
    answer = api.post(
        "/api/v1/uploads", {"name": "a.wav", "size_bytes": 1000, "options": options}, "json"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_options")
    assert said in answer.json()["detail"]


def test_the_description_of_the_api_names_the_fields(api: APIClient) -> None:
    schema = api.get("/api/v1/schema/", headers={"Accept": "application/json"}).json()
    told = json.dumps(schema["components"]["schemas"])
    for field in ("ensemble", "details", "denoise"):
        assert f'"{field}": {{"oneOf"' in told or f'"{field}": {{"allOf"' in told


def test_members_with_stems_in_common_are_accepted_where_they_are_asked_for() -> None:
    members = [MEMBERS[0], {"separator": "demucs", "model": "htdemucs_6s"}]
    common = {"separator": "ensemble", "ensemble": {"members": members, "stems": "common"}}
    check_request(request=parse_request({**common, "denoise": [{"stem": "rest"}]}))
    same = {"separator": "ensemble", "ensemble": {"members": members}, "stems": ("vocals",)}
    check_request(request=parse_request(same))


def test_another_separator_leaves_the_ensemble_behind() -> None:
    asked = parse_request({"separator": "ensemble", "ensemble": {"members": MEMBERS}})
    changed = changed_request(
        asked.model_dump(mode="json"), {"separator": "spectral", "model": None}
    )
    assert changed.ensemble is None


@pytest.fixture
def overlapping(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stems of mdx_extra overlap, as those of no model of the catalogue do."""
    rows = tuple(
        row.model_copy(update={"overlapping": row.name == "mdx_extra"})
        for row in available.known_models()
    )
    monkeypatch.setattr(available, "known_models", lambda: rows)


@pytest.mark.usefixtures("overlapping", "db")
def test_a_model_whose_stems_overlap_is_refused_for_the_song_and_offered_for_details(
    settings: Settings,
) -> None:
    settings.OFFLINE = False
    with pytest.raises(InvalidOptions, match="song=demucs:mdx_extra"):
        check_request(request=parse_request({"separator": "demucs", "model": "mdx_extra"}))
    split = {"stem": "song", "separator": "demucs", "model": "mdx_extra"}
    check_request(request=parse_request({"separator": "spectral", "details": [split]}))
    assert "demucs:mdx_extra" not in [card.value for card in choices.model_cards()]
    assert "demucs:mdx_extra" in [value for value, _ in choices.splitters()]


def test_the_rule_on_licences_counts_for_members_and_for_details(settings: Settings) -> None:
    settings.MODEL_LICENCES = ["granted"]
    deep = {"separator": "demucs", "model": "htdemucs"}
    for request in (
        {"separator": "spectral", "details": [{"stem": "drums", **deep}]},
        {"separator": "ensemble", "ensemble": {"members": [MEMBERS[0], deep]}},
        {"separator": "ensemble", "model": "htdemucs_spectral"},
    ):
        with pytest.raises(LicenceRefused, match="'htdemucs'"):
            check_request(request=parse_request(request))
    allowed = {"separator": "ensemble", "ensemble": {"members": MEMBERS}}
    check_request(request=parse_request(allowed))
    assert "ensemble" in available.offered_separators()
    assert not available.can_run("ensemble", "htdemucs_spectral")


def test_the_preset_of_several_models_appears_where_its_members_can_run(
    member: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    preset = find_preset("ensemble")
    assert not can_run(preset, lambda separator, model: False)
    assert not can_run(preset, lambda *names: True, lambda *names: False)
    with pytest.raises(ModelUnavailable, match=r"htdemucs \+ mdx_extra or .*fetch_models"):
        with_preset({"preset": "ensemble"}, {}, lambda separator, model: False)
    assert 'value="ensemble"' not in member.get("/").content.decode()

    def one(separator: str, model: str) -> bool:
        return model == "htdemucs_standard"

    assert resolve(preset, one).model.model == "htdemucs_standard"
    for module in (presets, choices):
        monkeypatch.setattr(module, "is_there", one)
    monkeypatch.setattr(choices, "can_run", one)
    page = member.get("/").content.decode()
    assert 'value="ensemble"' in page
    assert 'value="ensemble:htdemucs_standard"' in page
    assert 'value="ensemble:htdemucs_mdx"' not in page


def test_the_command_takes_them_too(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    song.write_bytes(wav_bytes(2.0))
    file = tmp_path / "both.json"
    file.write_text(json.dumps({"members": MEMBERS}))
    call_command(
        "separate",
        str(song),
        out=tmp_path / "out",
        ensemble=str(file),
        details=["drums=spectral"],
        denoise=["vocals=1"],
        stages="separation",
    )
    folder = tmp_path / "out" / "song"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert len(manifest["separation"]["members"]) == 2
    for path in ("ensemble_output/bass", "details/drums/other", "denoised/vocals"):
        assert (folder / f"{path}.wav").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"details": ["flute=spectral"]}, "no stem 'flute'"),
        ({"details": ["drums"]}, "write it as drums=spectral"),
        ({"denoise": ["vocals=3"]}, "less than or equal to 1"),
        ({"ensemble": "nobody"}, "no ensemble 'nobody'"),
        ({"preset": "ensemble"}, "not all of these can run here"),
    ],
)
def test_the_command_refuses_what_cannot_be_before_it_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: dict[str, Any], said: str
) -> None:
    song = tmp_path / "song.wav"
    song.write_bytes(wav_bytes(1.0))
    separator = {} if "ensemble" in str(options) else {"separator": "spectral"}
    with pytest.raises(SystemExit):
        call_command("separate", str(song), out=tmp_path / "out", **separator, **options)
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    from jobs.management.commands.separate import text_or_file

    with pytest.raises(InvalidOptions, match="cannot be read"):
        text_or_file(str(tmp_path / "nothing.json"))


def test_a_request_of_before_is_read_as_it_was() -> None:
    before = parse_request({"separator": "spectral"}).model_dump(mode="json")
    for name in ("ensemble", "details", "denoise"):
        del before[name]
    again = parse_request(before)
    assert (again.ensemble, again.details, again.denoise) == (None, (), ())
    assert Ensemble(()).sums_to_song
