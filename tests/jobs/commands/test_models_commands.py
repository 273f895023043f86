"""``manage.py models`` and ``manage.py fetch_models``."""

import io
import json

import pytest
from django.core.management import call_command

from separation.catalogue import CATALOGUE
from separation.registry import SeparatorFactory


def listed() -> list[dict[str, object]]:
    said = io.StringIO()
    call_command("models", json=True, stdout=said)
    rows: list[dict[str, object]] = json.loads(said.getvalue())
    return rows


def test_every_model_and_separator_is_listed_with_licence_and_training_data() -> None:
    rows = listed()
    assert {row["model"] for row in rows if row["model"]} == {model.name for model in CATALOGUE}
    assert {row["separator"] for row in rows} == set(SeparatorFactory.names())
    assert all(row["licence"] and row["training_data"] for row in rows if row["model"])


def test_a_model_that_cannot_run_here_says_why() -> None:
    # The tests' settings forbid the network, and no weights are here.
    row = next(row for row in listed() if row["model"] == "htdemucs")
    assert row["can_run"] is False
    assert "htdemucs" in str(row["reason"])


def test_the_built_in_separator_runs_everywhere() -> None:
    row = next(row for row in listed() if row["separator"] == "spectral")
    assert row["can_run"] is True


def test_fetching_an_unknown_model_names_those_there_are() -> None:
    errors = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("fetch_models", "magic", stderr=errors)
    assert ended.value.code == 2
    assert "htdemucs_ft" in errors.getvalue()
