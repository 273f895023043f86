"""``manage.py fetch_models --if-missing``: a part of setting up that stops no site."""

import io
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

ROOT = Path(__file__).resolve().parents[3]
MODEL = "spleeter_2stems"


@pytest.fixture(autouse=True)
def no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    for name in ("PIP_NO_INDEX", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)


def told(**options: object) -> tuple[str, str]:
    out, errors = io.StringIO(), io.StringIO()
    call_command("fetch_models", MODEL, stdout=out, stderr=errors, no_color=True, **options)
    return out.getvalue(), errors.getvalue()


def test_a_registry_out_of_reach_is_told_in_one_line_and_no_failure(
    settings: Settings,
) -> None:
    settings.OFFLINE = False
    out, errors = told(if_missing=True)
    assert out == ""
    (line,) = errors.splitlines()
    assert line.startswith(f"The model {MODEL} is not here: No package registry")
    assert "Everything works without it" in line
    assert not list(settings.MODEL_DIR.glob("*"))


def test_without_the_option_it_is_a_failure(settings: Settings) -> None:
    settings.OFFLINE = False
    with pytest.raises(SystemExit) as ended:
        told()
    assert ended.value.code == 2


def test_offline_nothing_is_asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OFFLINE = True
    monkeypatch.setattr("jobs.management.commands.fetch_models.fetch", None)
    _, errors = told(if_missing=True)
    assert "STEMSITE_OFFLINE is set" in errors


def test_what_is_here_is_left_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OFFLINE = False
    settings.MODEL_DIR.mkdir()
    path = settings.MODEL_DIR / f"{MODEL}.safetensors"
    path.write_bytes(b"weights")
    monkeypatch.setattr("jobs.management.commands.fetch_models.fetch", None)
    assert told(if_missing=True) == ("", "")
    assert path.read_bytes() == b"weights"


def test_the_longest_that_fetching_may_take_is_a_setting(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.OFFLINE, settings.FETCH_LIMIT_S = False, 0.01
    _, errors = told(if_missing=True)
    assert "not there after 0.01 s (STEMSITE_FETCH_LIMIT_S)" in errors


@pytest.mark.parametrize("target", ["run", "separate"])
def test_make_fetches_it_before_anything_runs(target: str) -> None:
    lines = (ROOT / "Makefile").read_text().splitlines()
    (rule,) = (line for line in lines if line.startswith(f"{target}: "))
    assert "models" in re.findall(r"\w+", rule.partition("##")[0])
    assert any("fetch_models --if-missing" in line and MODEL in line for line in lines)


def test_the_image_the_worker_and_ci_fetch_it() -> None:
    image = (ROOT / "Dockerfile").read_text()
    assert f"fetch_models --if-missing {MODEL}" in image
    # The key of a site, which a start makes, is nothing to build into an image.
    (step,) = [part for part in image.split("\nRUN ") if "fetch_models" in part]
    assert step.startswith("STEMSITE_DATA_DIR=/tmp/") and "rm -rf /tmp/" in step
    assert MODEL in (ROOT / "compose.yaml").read_text()
    assert "make models" in (ROOT / ".ci" / "run").read_text()
