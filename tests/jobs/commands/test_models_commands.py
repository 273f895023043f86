"""``manage.py models`` and ``manage.py fetch_models``."""

import io
import json
import socket
import time

import pytest
from django.core.management import CommandError, call_command

from separation.catalogue import CATALOGUE, ELSEWHERE, find_model
from separation.catalogue.document import render
from separation.ensemble import ENSEMBLES
from separation.registry import SeparatorFactory


def listed(**options: bool) -> list[dict[str, object]]:
    said = io.StringIO()
    call_command("models", json=True, stdout=said, **options)
    rows: list[dict[str, object]] = json.loads(said.getvalue())
    return rows


def test_every_model_and_separator_is_listed_with_licence_and_training_data() -> None:
    rows = listed()
    known = {*(model.name for model in CATALOGUE), *(each.name for each in ENSEMBLES)}
    assert {row["model"] for row in rows if row["model"]} == known
    assert {row["separator"] for row in rows} == set(SeparatorFactory.names())
    assert all(row["licence"] and row["training_data"] for row in rows if row["model"])


def test_the_facts_of_a_row_are_those_of_the_catalogue() -> None:
    row = next(row for row in listed() if row["model"] == "htdemucs_ft")
    assert row["licence_state"] == "research_only"
    facts = find_model("htdemucs_ft").model_dump(mode="json")
    assert row["facts"] == facts and facts["files"]


def test_models_of_others_are_listed_apart_with_where_their_files_are() -> None:
    rows = listed(elsewhere=True)
    assert [row["model"] for row in rows] == [model.name for model in ELSEWHERE]
    assert all("bring its file: https://" in str(row["reason"]) for row in rows)
    said = io.StringIO()
    call_command("models", elsewhere=True, stdout=said)
    assert "mel_band_roformer_kim" in said.getvalue() and "vocals 10.98 dB" in said.getvalue()


def test_the_table_tells_licence_figures_and_what_is_offered() -> None:
    said = io.StringIO()
    call_command("models", stdout=said)
    table = said.getvalue()
    assert "offered: yes" in table and "licence: research_only: " in table
    assert "figures: mean 9.00 dB on the test songs of MUSDB18-HQ, by its authors (SDR as" in table


def test_the_document_is_printed_as_it_is() -> None:
    said = io.StringIO()
    call_command("models", document=True, stdout=said)
    assert said.getvalue() == render()


def test_a_model_that_cannot_run_here_says_why() -> None:
    # The tests' settings forbid the network, and no weights are here.
    row = next(row for row in listed() if row["model"] == "htdemucs")
    assert row["can_run"] is False
    assert "htdemucs" in str(row["reason"])


def test_the_built_in_separator_runs_everywhere() -> None:
    row = next(row for row in listed() if row["separator"] == "spectral")
    assert row["can_run"] is True


def test_a_site_that_stays_silent_is_given_up_after_the_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        errors = io.StringIO()
        started = time.monotonic()
        with pytest.raises(SystemExit) as ended:
            call_command("fetch_models", "htdemucs", timeout=0.2, stderr=errors)
    assert ended.value.code == 2
    assert "model_unavailable: " in errors.getvalue() and "timed out" in errors.getvalue()
    # The process that fetches takes a few seconds to start; the default alone would be 30.
    assert time.monotonic() - started < 28


@pytest.mark.parametrize("seconds", ["0", "-1", "inf", "nan", "soon"])
def test_a_timeout_is_a_positive_number(seconds: str) -> None:
    with pytest.raises(CommandError, match="timeout"):
        call_command("fetch_models", "htdemucs", "--timeout", seconds)


def test_fetching_an_unknown_model_names_those_there_are() -> None:
    errors = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("fetch_models", "magic", stderr=errors)
    assert ended.value.code == 2
    assert "htdemucs_ft" in errors.getvalue()
