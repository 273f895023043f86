"""The pipeline tells in the manifest and to the worker where a separation was tried."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.worker.record import routing_of
from separation.errors import SeparationError
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import StageRequest
from separation.protocol.messages import Event, FailedEvent, StageFinishedEvent
from separation.runner.__main__ import SeparatorCache
from separation.separators.bandsplit import weights as bandsplit
from separation.settings import CoreSettings
from tests.separation.fakes import make_spec
from tests.separation.separators.remote.asking import QUICK

pytestmark = pytest.mark.usefixtures("away_from_weights")


@pytest.fixture
def away_from_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


def run(tmp_path: Path, separator: str, *, licences: tuple[str, ...] = ("all",)) -> list[Event]:
    events: list[Event] = []
    settings = CoreSettings(
        model_dir=tmp_path / "models",
        offline=True,
        licences=licences,
        remote=replace(QUICK, url="http://127.0.0.1:9"),
    )
    spec = make_spec(tmp_path, StageRequest(name="separation", params={"separator": separator}))
    with contextlib.suppress(SeparationError):
        run_pipeline(spec, settings, separators=SeparatorCache(), observer=events.append)
    return events


def test_a_job_that_ran_tells_each_step_and_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What `auto` falls back to last needs no network to be made ready.
    monkeypatch.setattr(bandsplit, "EMBEDDED", tmp_path / "bandsplit.safetensors")
    events = run(tmp_path, "auto")
    (event,) = (e for e in events if isinstance(e, StageFinishedEvent) and e.stage == "separation")
    steps = routing_of(event.manifest)
    assert [(s["route"], s["outcome"]) for s in steps][1:] == [
        ("remote", "skipped"), ("local_cpu", "took")
    ]  # fmt: skip
    assert event.details["routing"] == steps
    assert "not on the remote service" in event.warnings[0]


def test_a_job_that_failed_tells_each_step_too(tmp_path: Path) -> None:
    event = run(tmp_path, "demucs")[-1]
    assert isinstance(event, FailedEvent)
    assert event.code == "model_unavailable"
    assert event.manifest is not None
    steps = routing_of(event.manifest)
    assert [s["outcome"] for s in steps] == ["skipped"] * 3
    assert "cannot be reached" in steps[1]["reason"]


def test_a_job_without_networks_tells_none(tmp_path: Path) -> None:
    events = run(tmp_path, "spectral")
    (event,) = (e for e in events if isinstance(e, StageFinishedEvent) and e.stage == "separation")
    assert routing_of(event.manifest) == []


def test_a_job_that_waited_while_the_rule_on_licences_changed_is_refused(tmp_path: Path) -> None:
    event = run(tmp_path, "demucs", licences=("granted",))[-1]
    assert isinstance(event, FailedEvent)
    assert event.code == "licence_refused"
    assert "STEMSITE_MODEL_LICENCES" in event.detail
