"""Checks each manifest that a pipeline of the suite writes against the published schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from separation.pipeline import manifest_writer
from separation.pipeline.manifest import SCHEMA_PATH, Manifest, save_manifest
from separation.protocol.messages import Event, FinishedEvent
from separation.runner.client import RunnerProcess

ROOT = Path(__file__).resolve().parents[1]
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / SCHEMA_PATH).read_text()))


def check(manifest: dict[str, Any]) -> None:
    """Raises ``jsonschema.ValidationError``."""
    VALIDATOR.validate(manifest)


def check_all(patch: pytest.MonkeyPatch) -> None:
    """Check what a pipeline in this process writes at its end, and what a runner sends."""
    events = RunnerProcess.events

    def saved(manifest: Manifest, job_dir: Path) -> None:
        if manifest.status != "processing":
            check(manifest.model_dump(mode="json"))
        save_manifest(manifest, job_dir)

    def sent(self: RunnerProcess, *args: Any, **kwargs: Any) -> Iterator[Event | None]:
        for event in events(self, *args, **kwargs):
            if isinstance(event, FinishedEvent):
                check(event.manifest)
            yield event

    patch.setattr(manifest_writer, "save_manifest", saved)
    patch.setattr(RunnerProcess, "events", sent)
