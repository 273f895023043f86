"""How long work takes on this site: learned from completed jobs, used to estimate other jobs.

All times that people see come from here: on pages and in the API before a job is sent and while it
waits, its deadline, and its progress, as the worker hands the same rates to the runner.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, FloatField, Value
from django.db.models.functions import Cast, Greatest
from django.utils import timezone

from jobs.models import Job, Speed
from separation.ensemble import ENSEMBLE
from separation.protocol.jobspec import StageRate
from separation.request.cost import (
    Stages,
    default_rate,
    default_run_rate,
    model_of,
    passes,
    weight,
)
from separation.request.runs import Run, runs_of
from separation.stage_table import DETAILS, PREPARE, RUNS_SEPARATORS, SEPARATION

LEARN_FROM_S = 20.0
"""Minimum length of a song in seconds. The time of a shorter song consists mainly of fixed costs
(files opened, checked and renamed, one window of the network at least)."""

NEWEST_COUNTS = 0.25
"""The minimum weight of the newest job in the average. So the average follows a machine that became
faster or slower after a few songs, and forgets a busy hour as soon."""

START_S = 2.0
"""Time outside the stages: claiming the job, reading the source's digest, loading the model."""

SOME_STEMS = "separation:some"
"""The kind of work for a subset of stems. A bag with a network for each stem then runs fewer
networks."""

_log = logging.getLogger("jobs.speed")


@dataclass(frozen=True)
class Work:
    """The properties of a job that determine its cost. ``stages``: names with parameters."""

    separator: str
    model_name: str
    duration_s: float
    stages: tuple[tuple[str, Mapping[str, Any]], ...]

    @classmethod
    def of(
        cls, separator: str, model_name: str, duration_s: float, pipeline: Iterable[dict[str, Any]]
    ) -> Self:
        stages = tuple((stage["name"], stage.get("params") or {}) for stage in pipeline)
        duration_s = kept_s(max(duration_s, 0.0), dict(stages).get(PREPARE, {}))
        return cls(separator, model_name, duration_s, stages)

    @classmethod
    def of_job(cls, job: Job) -> Self:
        return cls.of(job.separator, job.model_name, measured_s(job), job.pipeline)


@dataclass(frozen=True)
class Expected:
    """An estimate. ``rates``: the cost of each stage. ``learned``: it needed no default rate."""

    seconds: float
    learned: bool
    rates: Mapping[str, StageRate]

    @property
    def seconds_per_second(self) -> float:
        """Seconds of work for a second of the song, beside ``START_S``."""
        return sum(rate.seconds_per_second for rate in self.rates.values())


class Speeds:
    """All learned speeds, read once and used for many estimates."""

    def __init__(self, rows: Iterable[Speed]) -> None:
        self._rows: dict[str, list[Speed]] = {}
        for row in rows:
            self._rows.setdefault(row.work, []).append(row)

    @classmethod
    def load(cls) -> Self:
        """Read all rows with one query. There are about a dozen for each host and model."""
        return cls(Speed.objects.order_by("updated_at"))

    def expect(
        self, work: Work, *, hosts: Collection[str] = (), device: str | None = None
    ) -> Expected:
        """Estimate the time of ``work``. ``hosts``: the hosts that may run it. ``device``: the
        device that separates; None where it is open, which then uses the newest speed."""
        rates = {
            name: self._rate(work, name, params, hosts, device) for name, params in work.stages
        }
        found = Expected(START_S, all(rate.learned for rate in rates.values()), rates)
        return replace(found, seconds=START_S + found.seconds_per_second * work.duration_s)

    def _rate(
        self,
        work: Work,
        name: str,
        params: Mapping[str, Any],
        hosts: Collection[str],
        device: str | None,
    ) -> StageRate:
        if name not in RUNS_SEPARATORS:
            found = self._stage_rate(name, hosts)
            if found is None:
                return _guessed(default_rate(name, work.stages))
            return StageRate(seconds_per_second=found * weight(name, work.stages))
        if params.get("device") == "cpu":
            device = "cpu"
        runs = runs_of(name, params)
        if name == SEPARATION and work.separator != ENSEMBLE:
            runs = [Run(work.separator, work.model_name, params)]
        parts = [self._run_rate(run, hosts, device) for run in runs]
        return StageRate(
            seconds_per_second=sum(part.seconds_per_second for part in parts),
            learned=all(part.learned for part in parts),
        )

    def _run_rate(self, run: Run, hosts: Collection[str], device: str | None) -> StageRate:
        found = self._separation_rate(run, hosts, device)
        if found is None:
            return _guessed(default_run_rate(run))
        return StageRate(seconds_per_second=found)

    def _stage_rate(self, name: str, hosts: Collection[str]) -> float | None:
        rows = self._rows.get(name, [])
        near = [row for row in rows if row.host in hosts]
        return (near or rows)[-1].seconds_per_second if rows else None

    def times_real_time(self, separator: str, model: str) -> float | None:
        """Seconds of audio that are separated per second into all stems, by the newest row; None
        where nothing was learned. ``model`` is empty where the separator chooses it."""
        rows = [
            row
            for row in self._rows.get(SEPARATION, [])
            if row.separator == separator and (not model or row.model_name == model)
        ]
        newest = max(rows, key=lambda row: row.updated_at, default=None)
        return 1.0 / newest.seconds_per_second if newest else None

    def _separation_rate(
        self, run: Run, hosts: Collection[str], device: str | None
    ) -> float | None:
        model, params = model_of(run.separator, run.model), run.params

        def likeness(row: Speed) -> tuple[bool, bool, bool]:
            same_model = row.model_name == model or (not model and row.separator == run.separator)
            same_work = row.work == work_name(SEPARATION, params)
            return same_model and row.host in hosts, same_model, same_work

        rows = [
            row
            for name in (SOME_STEMS, SEPARATION)
            for row in self._rows.get(name, [])
            if device in (None, row.device)
            and (row.separator == run.separator or row.model_name == model)
        ]
        # Of equally similar rows, the newest one.
        best = max(rows, key=lambda row: (*likeness(row), row.updated_at), default=None)
        if best is None:
            return None
        return best.seconds_per_second * passes(best.model_name, params)


def _guessed(rate: float) -> StageRate:
    return StageRate(seconds_per_second=rate, learned=False)


def measured_s(job: Job) -> float:
    """The length of the song in seconds: the decoded one if known, else the container's."""
    decoded = (job.manifest.get("input") or {}).get("duration_s")
    return float(decoded or job.source.duration_s)


def kept_s(song_s: float, params: Mapping[str, Any]) -> float:
    """How many seconds of a song are separated. ``params``: those of the stage that prepares it."""
    start, length = params.get("start_s") or 0.0, params.get("length_s")
    left = max(song_s - float(start), 0.0)
    return left if length is None else min(left, float(length))


def work_name(stage: str, params: Mapping[str, Any]) -> str:
    fewer = params.get("stems") or params.get("two_stems")
    return SOME_STEMS if stage == SEPARATION and fewer else stage


def learn_speeds(job: Job, manifest: dict[str, Any], *, host: str) -> int:
    """Learn the cost of the stages of a completed job; returns the number of stages.

    Errors of the database are logged and not raised, as the job has already ended.
    """
    audio_s = (manifest.get("input") or {}).get("duration_s") or 0.0
    separated_range = manifest.get("range")
    if separated_range:
        audio_s = separated_range["end_s"] - separated_range["start_s"]
    if audio_s < LEARN_FROM_S:
        return 0
    fresh = [record for record in manifest.get("stages", ()) if _is_measurement(record, audio_s)]
    # Stages with several separators are left out, as they measure only the sum.
    fresh = [record for record in fresh if len(_runs_of(record)) <= 1 and record["name"] != DETAILS]
    if separated_range:
        # The stage decodes the whole song for a range, so its time does not fit the range.
        fresh = [record for record in fresh if record["name"] != PREPARE]
    pipeline = Work.of_job(job).stages
    try:
        for record in fresh:
            _store_rate(_row_of(job, record, host), _rate_of(record, audio_s, pipeline))
    except DatabaseError:
        _log.warning("job %s: its speeds are not learned", job.pk, exc_info=True)
        return 0
    return len(fresh)


def _runs_of(record: Mapping[str, Any]) -> list[Run]:
    return runs_of(record["name"], record.get("parameters") or {})


def _is_measurement(record: Mapping[str, Any], audio_s: float) -> bool:
    """Whether the stage ran in this attempt for enough of the song. A resumed stage counts with
    the rest of the song, as a job that gave way to others would otherwise measure nothing."""
    ran = record.get("status") == "completed" and not record.get("reused")
    return ran and _seconds(record) > 0 and _worked_on_s(record, audio_s) >= LEARN_FROM_S


def _worked_on_s(record: Mapping[str, Any], audio_s: float) -> float:
    """Seconds of audio in this attempt, without those of an earlier checkpoint."""
    return audio_s - float((record.get("details") or {}).get("resumed_at_s") or 0.0)


def _seconds(record: Mapping[str, Any]) -> float:
    return float(record.get("duration_seconds") or 0.0)


def _rate_of(record: Mapping[str, Any], audio_s: float, pipeline: Stages) -> float:
    """Of the usual passes and number of tracks."""
    rate = _seconds(record) / _worked_on_s(record, audio_s)
    if record["name"] != SEPARATION:
        return rate / weight(record["name"], pipeline)
    model = str((record.get("details") or {}).get("model", ""))
    return rate / passes(model, record.get("parameters") or {})


def _row_of(job: Job, record: Mapping[str, Any], host: str) -> dict[str, str]:
    """The key of the row of a stage. The separator is the requested one, as the next job with
    ``auto`` will run the same way. The model is the one that ran."""
    ran: Mapping[str, Any] = record.get("details") or {}
    separates = record["name"] == SEPARATION
    return {
        "host": host[:128],
        # The first word of `remote cuda`, as this site need not know a remote service's card.
        "device": str(ran.get("device") or "cpu").split()[0][:64] if separates else "cpu",
        "work": work_name(record["name"], record.get("parameters") or {})[:64],
        "separator": job.separator if separates else "",
        "model_name": str(ran.get("model") or "")[:128] if separates else "",
        "precision": str(ran.get("precision") or "")[:16] if separates else "",
    }


def _store_rate(row: dict[str, str], rate: float) -> None:
    """Update the average inside the database, so that the songs of two workers both count."""
    if _update_average(row, rate):
        return
    try:
        with transaction.atomic():
            Speed.objects.create(**row, seconds_per_second=rate)
    except IntegrityError:
        # Another worker has just inserted the row.
        _update_average(row, rate)


def _update_average(row: dict[str, str], rate: float) -> bool:
    samples = Cast(F("samples"), FloatField())
    weight = Greatest(1.0 / (samples + 1.0), Value(NEWEST_COUNTS), output_field=FloatField())
    average = F("seconds_per_second")
    moved = Speed.objects.filter(**row).update(
        seconds_per_second=average + weight * (Value(rate) - average),
        samples=F("samples") + 1,
        updated_at=timezone.now(),
    )
    return bool(moved)
