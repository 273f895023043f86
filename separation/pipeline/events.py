"""The events that a run sends to its observer (:mod:`separation.protocol.messages`).

A worker writes its rows from the manifest, so every event that ends something carries it.
"""

from collections.abc import Callable
from typing import Any

from separation.errors import SeparationError
from separation.pipeline.manifest import Manifest, StageRecord
from separation.protocol.messages import (
    Event,
    FailedEvent,
    FinishedEvent,
    StageFinishedEvent,
    StageStartedEvent,
)
from separation.stages.base import PipelineStage

Observer = Callable[[Event], None]
"""Receives every event of a job in order, including the last one."""


class EventSender:
    """Sends the events of one job to ``observe``."""

    def __init__(self, job_id: str, observe: Observer) -> None:
        self._job_id = job_id
        self._observe = observe

    def stage_started(self, stage: PipelineStage[Any], percent: float, eta_s: float | None) -> None:
        """``percent``: of the whole job, 0 to 100. ``eta_s``: what it will still take."""
        self._observe(
            StageStartedEvent(
                job_id=self._job_id,
                stage=stage.name,
                label=stage.activity,
                percent=percent,
                eta_s=eta_s,
            )
        )

    def stage_finished(self, record: StageRecord, manifest: Manifest, *, reused: bool) -> None:
        """``record``: the completed stage in ``manifest``."""
        self._observe(
            StageFinishedEvent(
                job_id=self._job_id,
                stage=record.name,
                key=record.key or "",
                version=record.version or 0,
                duration_s=record.duration_seconds or 0.0,
                reused=reused,
                warnings=record.warnings,
                details=record.details,
                manifest=manifest.model_dump(mode="json"),
            )
        )

    def finished(self, manifest: Manifest) -> None:
        self._observe(FinishedEvent(job_id=self._job_id, manifest=manifest.model_dump(mode="json")))

    def finished_before(self, manifest: Manifest) -> None:
        """Send all events of a job that an earlier attempt completed."""
        for record in manifest.stages:
            self._observe(StageStartedEvent(job_id=self._job_id, stage=record.name))
            self.stage_finished(record, manifest, reused=True)
        self.finished(manifest)

    def failed(self, stage: str | None, error: SeparationError, manifest: Manifest) -> None:
        """``stage``: the one that was running; None before the first stage and after the last."""
        self._observe(
            FailedEvent(
                job_id=self._job_id,
                stage=stage,
                code=error.code,
                detail=error.detail,
                retryable=error.retryable,
                manifest=manifest.model_dump(mode="json"),
            )
        )
