"""Manifests follow the published schema, and the suite checks each one that it writes."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from separation.pipeline import manifest_writer
from separation.pipeline.run import run_pipeline
from separation.protocol.messages import FinishedEvent
from separation.runner.client import RunnerProcess
from separation.settings import CoreSettings
from tests import published_schema
from tests.separation.fakes import fake_separators, make_spec


def run(tmp_path: Path) -> None:
    tmp_path.mkdir()
    run_pipeline(
        make_spec(tmp_path),
        CoreSettings(offline=True),
        separators=fake_separators,
        observer=lambda event: None,
    )


def test_a_manifest_that_breaks_the_schema_fails_the_test_that_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path / "first")
    strict = {**published_schema.VALIDATOR.schema, "required": ["mood"]}
    validator = jsonschema.Draft202012Validator(strict)
    monkeypatch.setattr(published_schema, "VALIDATOR", validator)
    with pytest.raises(jsonschema.ValidationError, match="mood"):
        run(tmp_path / "second")


def test_so_does_one_that_a_runner_sends() -> None:
    def events(self: RunnerProcess) -> Any:
        yield FinishedEvent(job_id="1", manifest={"version": "banana"})

    patch = pytest.MonkeyPatch()
    patch.setattr(RunnerProcess, "events", events)
    published_schema.check_all(patch)
    try:
        with pytest.raises(jsonschema.ValidationError):
            list(RunnerProcess.events(object()))  # type: ignore[call-arg, arg-type]
    finally:
        patch.undo()
    assert vars(manifest_writer)["save_manifest"].__module__ == "tests.published_schema"
