"""Whether a separator can run here now, and why not: what pages offer and propose."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.services.site_models.available import known_models, licence_rule
from jobs.services.site_models.forecast import forecast
from jobs.services.site_models.missing_models import SHOWN_FOR, missing_names
from separation.catalogue import models_for
from separation.catalogue.licences import REMOTE
from separation.ensemble import ENSEMBLE, EnsembleFault, find_ensemble
from separation.errors import InvalidOptions, ModelUnavailable
from separation.registry import BUILT_IN, SeparatorFactory
from separation.request.presets import find_preset
from separation.request.runs import runs_of_pipeline
from separation.request.separation_request import SeparationRequest, parse_request

NOT_HERE = "its weights are not on this server"
NOT_TO_BE_HAD = "its weights could not be had when they were last wanted"
NO_SERVICE = "this site has no remote service"
UNKNOWN = "this site does not know it any more"


@dataclass(frozen=True)
class Runnable:
    """``missing``: names of models that could not be had of late; without them one that can be
    fetched is believed to come."""

    missing: frozenset[str] = frozenset()

    @classmethod
    def load(cls) -> Self:
        """Two queries."""
        return cls(missing_names() | _failed_names())

    def why_not(self, separator: str, model: str | None) -> str:
        """As the end of a sentence; empty where it can run, if need be after a download.

        Where weights lie is looked at on this machine, as everywhere on the pages.
        """
        if separator == ENSEMBLE and model is not None:
            return self._why_not_ensemble(model)
        if separator == REMOTE:
            return "" if settings.REMOTE_URL else NO_SERVICE
        if separator not in BUILT_IN:
            return "" if separator in SeparatorFactory.names() else UNKNOWN
        try:
            asked = SeparationRequest(separator=separator, model=model)
            told = forecast(asked, self.missing)
        except InvalidOptions:
            return UNKNOWN
        if told.model is not None or told.remotely:
            return ""
        if told.missed is not None and told.hoped in (None, told.missed):
            return NOT_TO_BE_HAD
        return NOT_HERE if told.lacking is not None else ""

    def why_not_request(self, request: SeparationRequest) -> str:
        """Of all that the request lets run, at both levels."""
        pipeline = [stage.model_dump() for stage in request.to_pipeline()]
        runs = runs_of_pipeline(pipeline)
        reasons = (self.why_not(run.separator, run.model or None) for run in runs)
        return next(filter(None, reasons), "")

    def why_not_again(self, job: Job) -> str:
        """Why a job that failed for want of a model would do so once more; empty for any other."""
        return self.why_not_anew(job) if job.error_code == ModelUnavailable.code else ""

    def why_not_anew(self, job: Job) -> str:
        """Why what was asked for of a job could not be made now."""
        try:
            asked = parse_request({**job.request, "repo": None})
        except InvalidOptions:
            return UNKNOWN
        return self.why_not_request(asked)

    def _why_not_ensemble(self, name: str) -> str:
        try:
            members = find_ensemble(name).ensemble.members
        except EnsembleFault:
            return UNKNOWN
        reasons = (self.why_not(member.separator, member.model) for member in members)
        return next(filter(None, reasons), "")


def best_first(values: Iterable[str]) -> list[str]:
    """``separator:model`` of what can run, in the order in which to propose it: what the preset
    "best" takes, what ``auto`` tries, and the rest as it comes."""
    best = [f"{way.separator}:{way.model}" for way in find_preset("best").models if way.model]
    automatic = [f"{row.separator}:{row.name}" for row in licence_rule().automatic()]
    order = {value: n for n, value in enumerate(dict.fromkeys([*best, *automatic]))}
    return sorted(values, key=lambda value: order.get(value, len(order)))


def _failed_names() -> frozenset[str]:
    """Of models for want of which the last song that named them failed."""
    failed = Q(status=JobStatus.FAILED, error_code=ModelUnavailable.code)
    recent = Job.objects.filter(completed_at__gte=timezone.now() - SHOWN_FOR)
    rows = (
        recent.filter(failed | Q(status=JobStatus.COMPLETED))
        .values("separator", "model_name")
        .annotate(failed_at=Max("completed_at", filter=failed))
        .annotate(done_at=Max("completed_at", filter=Q(status=JobStatus.COMPLETED)))
        .order_by()
    )
    names = (
        row["model_name"] or _usual_name(row["separator"])
        for row in rows
        if row["failed_at"] and not (row["done_at"] and row["done_at"] > row["failed_at"])
    )
    return frozenset(filter(None, names))


def _usual_name(separator: str) -> str:
    rows = models_for(separator, known_models())
    return rows[0].name if rows else ""
