"""Writes the events of the runner to rows. The lease fences every write."""

import time
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from jobs.models import Stage
from jobs.models.stage import StageStatus
from jobs.queue.lease import Lease
from separation.protocol.messages import ProgressEvent, StageFinishedEvent, StageStartedEvent

MIN_INTERVAL_S = 0.5
"""The specification limits progress to one write per job and half second."""


class Recorder:
    """Writes the events of one attempt.

    Every method may raise ``LeaseLost``, and may be called again after an error of the database.
    ``warnings``: the warnings for the user so far. ``least_percent``: the progress of the attempt
    when it gave way to others; the bar stays there until the runner reports more.
    """

    def __init__(self, lease: Lease, *, least_percent: float = 0.0) -> None:
        self._lease = lease
        self._least_percent = least_percent
        self._latest: ProgressEvent | None = None
        self._written_at = float("-inf")
        self.warnings: list[str] = []

    def stage_started(self, event: StageStartedEvent) -> None:
        # Progress of the earlier stage would appear under the name of this stage.
        self._latest = None
        shown: dict[str, Any] = {"progress_stage": event.stage[:64]}
        if event.percent is not None:
            shown |= {
                "progress_percent": max(event.percent, self._least_percent),
                "progress_message": event.label[:255],
                "eta_s": event.eta_s,
            }
        with self._lease.fenced(**shown):
            self._stage(event.stage).update(
                status=StageStatus.PROCESSING,
                started_at=timezone.now(),
                completed_at=None,
                duration_s=None,
                error_code="",
                error_detail="",
            )

    def progress(self, event: ProgressEvent) -> None:
        """Keep the newest progress; :meth:`flush` writes it when the interval is over."""
        self._latest = event

    def flush(self) -> None:
        now = time.monotonic()
        if self._latest is None or now - self._written_at < MIN_INTERVAL_S:
            return
        event = self._latest
        self._lease.write(
            progress_percent=min(max(event.percent, self._least_percent), 100.0),
            progress_stage=event.stage[:64],
            progress_message=event.message[:255],
            eta_s=event.eta_s,
        )
        self._latest, self._written_at = None, now

    def stage_finished(self, event: StageFinishedEvent) -> None:
        self.warnings += [text for text in event.warnings if text not in self.warnings]
        routing = routing_of(event.manifest)
        with self._lease.fenced(manifest=event.manifest, warnings=self.warnings, routing=routing):
            self._stage(event.stage).update(
                status=StageStatus.COMPLETED,
                version=event.version,
                key=event.key,
                details=event.details,
                duration_s=event.duration_s,
                error_code="",
                error_detail="",
                **_times(event),
            )

    def _stage(self, name: str) -> Any:
        return Stage.objects.filter(job_id=self._lease.job_id, name=name)


def routing_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The routes that a stage tried, from its details; a failed stage has them as well."""
    for record in manifest.get("stages", ()):
        if found := record.get("details", {}).get("routing"):
            return list(found)
    return []


def _times(event: StageFinishedEvent) -> dict[str, Any]:
    """When the stage ran. A reused stage ran in an earlier attempt."""
    for record in event.manifest.get("stages", ()):
        if record["name"] == event.stage and record.get("completed_at"):
            return {
                "started_at": parse_datetime(record["started_at"]),
                "completed_at": parse_datetime(record["completed_at"]),
            }
    return {"completed_at": timezone.now()}
