"""How long work takes here: learned from jobs that ended well, expected of those to come."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, FloatField, Value
from django.db.models.functions import Cast, Greatest
from django.utils import timezone

from jobs.models import Job, Speed
from jobs.services.separators import Run, runs_of
from separation.catalogue import models_for
from separation.ensemble import ENSEMBLE
from separation.stage_table import DETAILS, PREPARE, RUNS_SEPARATORS, SEPARATION

LEARN_FROM_S = 20.0
"""Seconds of audio: a shorter song tells what every song costs alike (files opened, checked and
renamed, one window of the network at least) rather than what its seconds cost."""

NEWEST_COUNTS = 0.25
"""The newest job's share in an average of many: a machine that became faster or slower is believed
after a handful of songs, and one busy hour is forgotten as soon."""

START_S = 2.0
"""What lies around the stages: taking the job, reading the source's digest, waking the model."""

SOME_STEMS = "separation:some"
"""A bag with a network for each stem runs fewer of them when fewer stems are asked for."""

NETWORK_RATE = 2.0
"""Seconds for a second of audio where nothing was learned. One network takes 0.4 on two cores of
a recent server without any of the engines that make it faster; older laptops are five times
slower. Rather too long than too short: the limit of a job comes from it."""

DEFAULT_RATES = {
    # No network: 0.03 on the same two cores.
    "spectral": 0.3,
    # Bags of four networks, each as slow as one.
    "htdemucs_ft": 4 * NETWORK_RATE,
    "mdx_extra": 4 * NETWORK_RATE,
}
"""By the name of a model; any other is taken for one network."""

STAGE_RATE = 0.1
"""For each of the other stages: the slowest, writing a dozen 24-bit files, takes 0.08 there."""

USUAL_OVERLAP = 0.25

_log = logging.getLogger("jobs.speed")


@dataclass(frozen=True)
class Work:
    """A job as far as its cost depends on it; ``stages`` are names with parameters."""

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
    """``learned``: no stage had to be guessed by a constant."""

    seconds: float
    learned: bool


class Speeds:
    """All that was learned, read once and asked for many jobs."""

    def __init__(self, rows: Iterable[Speed]) -> None:
        self._rows: dict[str, list[Speed]] = {}
        for row in rows:
            self._rows.setdefault(row.work, []).append(row)

    @classmethod
    def load(cls) -> Self:
        """One query; there are a dozen rows for each host and model."""
        return cls(Speed.objects.order_by("updated_at"))

    def expect(
        self, work: Work, *, hosts: Collection[str] = (), device: str | None = None
    ) -> Expected:
        """``hosts``: where it may run. ``device``: what separates it; None where that is open,
        and then what was used last is taken to be used again."""
        seconds, learned = START_S, True
        for name, params in work.stages:
            for rate, default in self._rates(work, name, params, hosts, device):
                learned = learned and rate is not None
                seconds += (default if rate is None else rate) * work.duration_s
        return Expected(seconds, learned)

    def _rates(
        self,
        work: Work,
        name: str,
        params: Mapping[str, Any],
        hosts: Collection[str],
        device: str | None,
    ) -> list[tuple[float | None, float]]:
        """What was learned and what is guessed of each part of a stage."""
        if name == SEPARATION and work.separator != ENSEMBLE:
            parts = [work]
        elif name in RUNS_SEPARATORS:
            parts = [
                replace(work, separator=run.separator, model_name=run.model)
                for run in runs_of(name, params)
            ]
        else:
            return [(self._stage_rate(name, hosts), STAGE_RATE)]
        return [
            (
                self._separation_rate(part, params, hosts, device),
                _default_rate(part, SEPARATION, params),
            )
            for part in parts
        ]

    def _stage_rate(self, name: str, hosts: Collection[str]) -> float | None:
        rows = self._rows.get(name, [])
        near = [row for row in rows if row.host in hosts]
        return (near or rows)[-1].seconds_per_second if rows else None

    def times_real_time(self, separator: str, model: str) -> float | None:
        """Seconds of audio separated in a second into all stems, where that was learned last;
        ``model`` is empty where the separator chooses. None where nothing was learned."""
        rows = [
            row
            for row in self._rows.get(SEPARATION, [])
            if row.separator == separator and (not model or row.model_name == model)
        ]
        newest = max(rows, key=lambda row: row.updated_at, default=None)
        return 1.0 / newest.seconds_per_second if newest else None

    def _separation_rate(
        self, work: Work, params: Mapping[str, Any], hosts: Collection[str], device: str | None
    ) -> float | None:
        model = _model(work.separator, work.model_name)
        if params.get("device") == "cpu":
            device = "cpu"

        def likeness(row: Speed) -> tuple[bool, bool, bool]:
            same_model = row.model_name == model or (not model and row.separator == work.separator)
            same_work = row.work == work_name(SEPARATION, params)
            return same_model and row.host in hosts, same_model, same_work

        rows = [
            row
            for name in (SOME_STEMS, SEPARATION)
            for row in self._rows.get(name, [])
            if device in (None, row.device)
            and (row.separator == work.separator or row.model_name == model)
        ]
        # Of those that are equally like, the one that was learned from last.
        best = max(rows, key=lambda row: (*likeness(row), row.updated_at), default=None)
        if best is None:
            return None
        return best.seconds_per_second * passes(best.model_name, params)


def measured_s(job: Job) -> float:
    """What decoding found, once it did; before that what the upload's container says."""
    decoded = (job.manifest.get("input") or {}).get("duration_s")
    return float(decoded or job.source.duration_s)


def kept_s(song_s: float, params: Mapping[str, Any]) -> float:
    """How much of a song is worked on; ``params`` of the stage that prepares it."""
    start, length = params.get("start_s") or 0.0, params.get("length_s")
    left = max(song_s - float(start), 0.0)
    return left if length is None else min(left, float(length))


def work_name(stage: str, params: Mapping[str, Any]) -> str:
    fewer = params.get("stems") or params.get("two_stems")
    return SOME_STEMS if stage == SEPARATION and fewer else stage


WITHOUT_SHIFTS = ("standard", "spleeter_2stems")
"""Models that mask magnitudes: a song that is shifted by less than a frame looks the same."""


def passes(model: str, params: Mapping[str, Any]) -> float:
    """How many times the network goes over the song, compared with none of the choices made."""
    if model == "spectral":
        return 1.0
    overlap = float(params.get("overlap") or 0.0) if "overlap" in params else USUAL_OVERLAP
    shifts = 1 if model in WITHOUT_SHIFTS else max(int(params.get("shifts") or 0), 1)
    return shifts * (1.0 - USUAL_OVERLAP) / (1.0 - overlap)


def _model(separator: str, asked: str) -> str:
    """The model that will run; empty where only the separator knows, as ``auto`` does."""
    known = models_for(separator)
    return asked or (known[0].name if known else "")


def _default_rate(work: Work, stage: str, params: Mapping[str, Any]) -> float:
    if stage != SEPARATION:
        return STAGE_RATE
    model = _model(work.separator, work.model_name)
    return DEFAULT_RATES.get(model, NETWORK_RATE) * passes(model, params)


def learn_speeds(job: Job, manifest: dict[str, Any], *, host: str) -> int:
    """Remember what the stages of a completed job cost; returns how many were learned from.

    The job has ended well already: a database that fails now costs a measurement, no more.
    """
    audio_s = (manifest.get("input") or {}).get("duration_s") or 0.0
    stretch = manifest.get("range")
    if stretch:
        audio_s = stretch["end_s"] - stretch["start_s"]
    if audio_s < LEARN_FROM_S:
        return 0
    fresh = [record for record in manifest.get("stages", ()) if _ran_whole(record)]
    # Of several separators together nothing is learned about each; they are added up.
    fresh = [record for record in fresh if len(_runs_of(record)) <= 1 and record["name"] != DETAILS]
    if stretch:
        # The whole song was decoded for it: no measure of what a second costs.
        fresh = [record for record in fresh if record["name"] != PREPARE]
    try:
        for record in fresh:
            _learn(_row_of(job, record, host), _rate_of(record, audio_s))
    except DatabaseError:
        _log.warning("job %s: its speeds are not learned", job.pk, exc_info=True)
        return 0
    return len(fresh)


def _runs_of(record: Mapping[str, Any]) -> list[Run]:
    return runs_of(record["name"], record.get("parameters") or {})


def _ran_whole(record: Mapping[str, Any]) -> bool:
    """In this attempt, from its beginning: what an earlier one left is no measurement."""
    details = record.get("details") or {}
    resumed = record.get("reused") or details.get("resumed_at_s")
    return record.get("status") == "completed" and not resumed and _seconds(record) > 0


def _seconds(record: Mapping[str, Any]) -> float:
    return float(record.get("duration_seconds") or 0.0)


def _rate_of(record: Mapping[str, Any], audio_s: float) -> float:
    rate = _seconds(record) / audio_s
    if record["name"] != SEPARATION:
        return rate
    model = str((record.get("details") or {}).get("model", ""))
    return rate / passes(model, record.get("parameters") or {})


def _row_of(job: Job, record: Mapping[str, Any], host: str) -> dict[str, str]:
    """Which row a stage belongs to. The separator is the one that was asked for, as the next job
    that leaves the choice open will fare alike; the model is the one that ran."""
    ran: Mapping[str, Any] = record.get("details") or {}
    separates = record["name"] == SEPARATION
    return {
        "host": host[:128],
        # Of `remote cuda` the first word: which card a service has is not ours to know.
        "device": str(ran.get("device") or "cpu").split()[0][:64] if separates else "cpu",
        "work": work_name(record["name"], record.get("parameters") or {})[:64],
        "separator": job.separator if separates else "",
        "model_name": str(ran.get("model") or "")[:128] if separates else "",
        "precision": str(ran.get("precision") or "")[:16] if separates else "",
    }


def _learn(row: dict[str, str], rate: float) -> None:
    """The average moves inside the database, so that two workers' songs both count."""
    if _moved(row, rate):
        return
    try:
        with transaction.atomic():
            Speed.objects.create(**row, seconds_per_second=rate)
    except IntegrityError:
        # Another worker was the first to learn it, a moment ago.
        _moved(row, rate)


def _moved(row: dict[str, str], rate: float) -> bool:
    samples = Cast(F("samples"), FloatField())
    weight = Greatest(1.0 / (samples + 1.0), Value(NEWEST_COUNTS), output_field=FloatField())
    average = F("seconds_per_second")
    moved = Speed.objects.filter(**row).update(
        seconds_per_second=average + weight * (Value(rate) - average),
        samples=F("samples") + 1,
        updated_at=timezone.now(),
    )
    return bool(moved)
