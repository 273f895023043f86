"""Models of the operator's own on the pages, in the API and in the operator's tools."""

import io
import json
from hashlib import sha256
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, run_checks
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.core_settings import core_settings
from jobs.models import Job
from tests.factories import wav_bytes
from tests.separation.model_folders import put

PAGE = reverse("jobs:upload")
OPERATIONS = reverse("admin:jobs_worker_changelist")


def song() -> SimpleUploadedFile:
    return SimpleUploadedFile("Song.wav", wav_bytes())


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def warnings(code: str) -> list[CheckMessage]:
    return [each for each in run_checks() if each.id == code]


def listed() -> dict[str, dict[str, Any]]:
    said = io.StringIO()
    call_command("models", json=True, stdout=said)
    return {row["model"]: row for row in json.loads(said.getvalue())}


def test_the_folders_reach_the_core(folder: Path) -> None:
    assert core_settings().model_paths == (folder,)


def test_the_form_has_a_card_of_it(member: Client, own_model: Path) -> None:
    digest = sha256(b"a checkpoint").hexdigest()
    card = {"label": "My vocals", "description": "For choirs.", "sha256": digest}
    (own_model / "card.json").write_text(json.dumps(card))
    page = member.get(PAGE).content.decode()
    for told in (
        'value="msst:mine"',
        "My vocals",
        "For choirs. Works in windows of 0.183 s.",
        "2 stems: vocals, other",
        "Mel-Band RoFormer",
        "Licence not stated",
        "a.ckpt",
        digest,
        "pymss-core",
    ):
        assert told in page, told
    # Where it lies is nobody's business.
    assert str(own_model) not in page


def test_it_is_asked_for_by_the_form(member: Client, own_model: Path) -> None:
    fields = {"model": "msst:mine", "stages": ["separation"], "files": [song()]}
    member.post(PAGE, fields)
    job = Job.objects.get()
    assert (job.separator, job.model_name) == ("msst", "mine")


def test_the_api_lists_and_takes_it(api: APIClient, own_model: Path) -> None:
    rows = {row["name"]: row["models"] for row in api.get("/api/v1/separators").json()}
    (model,) = rows["msst"]
    assert (model["name"], model["architecture"]) == ("mine", "Mel-Band RoFormer")
    assert (model["stems"], model["licence_state"]) == (["vocals", "other"], "not_stated")
    assert model["files"] == [{"name": "a.ckpt", "bytes": 1_000, "sha256": None}]
    assert "windows of 0.183 s" in model["description"]
    asked = {"separator": "msst", "model": "mine", "stems": "vocals"}
    assert api.post("/api/v1/jobs", {"file": song(), **asked}).status_code == 201


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"model": "odd"}, "no model 'odd'"),
        ({"model": "yours"}, "no model 'yours'"),
        ({"model": "mine", "stems": "drums"}, "no stem 'drums'"),
    ],
)
def test_what_cannot_run_is_refused_before_it_waits(
    api: APIClient, own_model: Path, broken_model: Path, asked: dict[str, str], words: str
) -> None:
    answer = api.post("/api/v1/jobs", {"file": song(), "separator": "msst", **asked})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_options" and words in answer.json()["detail"]
    assert not Job.objects.exists()


def test_without_any_such_model_the_refusal_says_who_can_add_one(api: APIClient) -> None:
    answer = api.post("/api/v1/jobs", {"file": song(), "separator": "msst"})
    assert answer.status_code == 400 and "STEMSITE_MODEL_PATHS" in answer.json()["detail"]


def test_the_rule_on_licences_holds_for_it(
    api: APIClient, own_model: Path, settings: Settings
) -> None:
    settings.MODEL_LICENCES = ["granted"]
    asked = {"file": song(), "separator": "msst", "model": "mine"}
    refusal = api.post("/api/v1/jobs", asked)
    assert refusal.json()["code"] == "licence_refused"
    (own_model / "card.json").write_text('{"licence": "granted"}')
    assert api.post("/api/v1/jobs", {**asked, "file": song()}).status_code == 201


def test_a_broken_one_is_no_choice_and_breaks_no_page(member: Client, broken_model: Path) -> None:
    answer = member.get(PAGE)
    assert answer.status_code == 200 and b"msst:" not in answer.content


def test_the_command_lists_both_with_reasons(own_model: Path, broken_model: Path) -> None:
    rows = listed()
    mine, odd = rows["mine"], rows["odd"]
    assert (mine["separator"], mine["can_run"], mine["is_offered"]) == ("msst", True, True)
    assert (odd["can_run"], odd["is_offered"]) == (False, False)
    assert "names code" in odd["reason"] and str(broken_model) in odd["reason"]
    said = io.StringIO()
    call_command("models", stdout=said)
    assert "file: a.ckpt, 0.0 MB, SHA-256 told once it has run" in said.getvalue()


def test_the_operators_page_lists_what_is_broken(
    client: Client, staff: User, broken_model: Path
) -> None:
    client.force_login(staff)
    page = client.get(OPERATIONS).content.decode()
    assert "Models that cannot be used" in page
    assert "names code" in page and str(broken_model) in page


def test_the_operators_page_says_nothing_where_nothing_is_broken(
    client: Client, staff: User, own_model: Path
) -> None:
    client.force_login(staff)
    assert "Models that cannot be used" not in client.get(OPERATIONS).content.decode()


def test_a_check_warns_of_what_is_broken(own_model: Path, broken_model: Path) -> None:
    (warning,) = warnings("stemsite.W012")
    assert "odd" in warning.msg and "names code" in warning.msg
    assert str(broken_model) in str(warning.hint)


def test_a_check_warns_of_a_folder_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    settings.MODEL_PATHS = [tmp_path / "gone"]
    (warning,) = warnings("stemsite.W012")
    assert "gone" in warning.msg and "cannot be read" in warning.msg


def test_a_missing_package_is_told_by_check_and_command(
    own_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert warnings("stemsite.W013") == [] and listed()["mine"]["can_run"]
    # As on a host that never installed it; the import system asks the same finders.
    there = util.find_spec
    hidden = [
        "separation.separators.neural.separator.find_spec",
        "separation.separators.own_models.architectures.find_spec",
    ]
    for place in hidden:
        monkeypatch.setattr(place, lambda name: None if name == "pymss_core" else there(name))
    (warning,) = warnings("stemsite.W013")
    assert "requirements-models.txt" in str(warning.hint)
    row = listed()["mine"]
    assert not row["can_run"] and "requirements-models.txt" in row["reason"]


def test_what_a_card_or_a_name_holds_is_shown_and_never_run(
    member: Client, own_model: Path, folder: Path, admin_client: Client
) -> None:
    card = {"label": "<img src=x>", "description": "</script><b>", "training_data": "<i>\"'>"}
    (own_model / "card.json").write_text(json.dumps(card))
    put(folder / "<svg onload=1>", "b.yaml")
    page = member.get(PAGE).content.decode()
    told = admin_client.get(OPERATIONS).content.decode()
    assert "&lt;img src=x&gt;" in page and "&lt;svg onload=1&gt;" in told
    for tag in ("<img src=x", "</script><b>", '<i>"', "<svg onload"):
        assert tag not in page + told
