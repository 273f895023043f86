"""What the card of a model says: licence with evidence, training, figures, what was measured."""

import datetime
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.services.site_models.measurements import record
from jobs.web.uploads.choices import stem_note
from separation.catalogue import find_model
from separation.catalogue.model import MEASURES
from tests.jobs.api.conftest import client_of

DAY = datetime.datetime(2026, 11, 3, 12, tzinfo=datetime.UTC)


@pytest.fixture
def member(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def card(page: str, value: str) -> str:
    """The markup of one card."""
    found = re.search(rf'<div class="card">\s*<input[^>]*value="{value}".*?</details>', page, re.S)
    assert found is not None
    return found[0]


def words(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def measure_spectral() -> None:
    record(
        separator="spectral",
        model="spectral",
        suite="Own songs",
        songs=3,
        figures={"sdr": {"vocals": 4.04, "mean": 2.5}},
        audio_s=600.0,
        seconds=60.0,
        peak_memory_bytes=512_000_000,
        measured_at=DAY,
    )


def test_the_licence_is_a_badge_and_its_evidence_a_link(member: Client) -> None:
    shown = card(member.get("/").content.decode(), "demucs:htdemucs")
    assert "Research only" in words(shown)
    assert "not covered by the MIT licence" in words(shown)
    for evidence in find_model("htdemucs").licence.evidence:
        assert f'href="{evidence.address}"' in shown
    assert "github.com, 23 May 2022" in words(shown)


def test_training_figures_with_their_convention_and_needs_are_told(member: Client) -> None:
    shown = words(card(member.get("/").content.decode(), "demucs:htdemucs"))
    assert "MUSDB18-HQ" in shown and "about 4.00 GB of memory" in shown
    assert "mean 9.16, bass 11.76" in shown and "by ZFTurbo" in shown
    assert MEASURES["as_reported"] in shown
    assert "Measured here" not in shown


def test_what_was_measured_here_stands_on_the_card_with_date_and_suite(member: Client) -> None:
    measure_spectral()
    page = member.get("/").content.decode()
    shown = words(card(page, "spectral:spectral"))
    assert "Measured here: mean 2.5 dB" in shown
    assert f"mean 2.50, vocals 4.04 dB ({MEASURES['sdr']})" in shown
    assert "3 Nov 2026, 3 songs of Own songs, 10.0 times real time" in shown
    assert "Measured here" not in words(card(page, "demucs:htdemucs"))


def test_programs_are_told_the_same(owner: User) -> None:
    api: APIClient = client_of(owner)
    measure_spectral()
    rows = {row["name"]: row for row in api.get("/api/v1/separators").json()}
    (spectral,) = rows["spectral"]["models"]
    assert spectral["measured"]["figures"] == {"sdr": {"vocals": 4.04, "mean": 2.5}}
    assert spectral["measured"]["suite"] == "Own songs"
    htdemucs = rows["demucs"]["models"][0]
    assert htdemucs["measured"] is None
    assert htdemucs["licence_state"] == "research_only"
    assert htdemucs["licence_evidence"][0] == {
        "address": "https://github.com/facebookresearch/demucs/issues/327",
        "date": "2022-05-23",
    }
    assert htdemucs["figures"][0]["values_db"]["vocals"] == 8.24


def test_the_automatic_card_promises_what_the_rule_leaves(
    member: Client, settings: Settings
) -> None:
    def automatic() -> str:
        page = member.get("/").content.decode()
        found = re.search(r'id="text-auto">(.*?)</span>', page)
        assert found is not None
        return found[1]

    assert automatic().startswith("Hybrid Transformer Demucs where its weights are here")
    assert "otherwise Spectral masks" in automatic()
    settings.MODEL_LICENCES = ["spectral"]
    assert automatic() == "Spectral masks. The job says which was used and why."


def test_a_measurement_can_be_looked_at_by_staff(client: Client, admin_user: User) -> None:
    measure_spectral()
    client.force_login(admin_user)
    page = client.get("/admin/jobs/modelmeasurement/").content.decode()
    assert "Own songs" in page and "sdr 2.50" in page


def test_a_box_of_a_stem_names_the_few_models_that_give_it_or_the_few_that_do_not() -> None:
    four, other = (find_model(name) for name in ("htdemucs", "htdemucs_ft"))
    two = four.model_copy(update={"label": "Two", "stems": ("vocals", "accompaniment")})
    offered = (four, other, two)
    assert stem_note("vocals", offered) == ""
    assert stem_note("drums", offered) == "not with Two"
    assert stem_note("accompaniment", offered) == "with Two only"


def test_the_automatic_card_has_the_stems_of_what_it_takes(
    member: Client, settings: Settings
) -> None:
    settings.MODEL_LICENCES = ["htdemucs_6s"]
    page = member.get("/").content.decode()
    found = re.search(r'value="auto" data-stems="([^"]*)"', page)
    assert found is not None and "piano" in found[1].split()
