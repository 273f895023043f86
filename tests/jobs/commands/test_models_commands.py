"""``manage.py models`` and ``manage.py fetch_models``."""

import io
import json
import socket
import time

import pytest
from django.core.management import CommandError, call_command

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
