"""Parses the conditions of a campaign, and builds the filters for its songs and jobs."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pkgutil import resolve_name
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from jobs.models import Job, Source, Stage
from jobs.models.job import JobQuerySet, JobStatus
from separation.errors import InvalidOptions
from separation.stage_table import STAGES

Query = dict[str, Any]
"""Conditions by their key, such as ``duration_s<``, with values that JSON can hold."""

_WRITTEN = re.compile(r"\s*([a-z_]+)\s*([=<>])\s*(.*?)\s*")


@dataclass(frozen=True)
class Condition:
    """One kind of condition.

    ``read`` parses the written text, or raises ``ValueError`` with a sentence. ``narrow`` builds a
    filter from the value: on jobs if ``of_job``, else on sources. ``outdates``: a job that meets
    the condition is outdated, even if its options equal the options of the campaign.
    """

    meaning: str
    read: Callable[[str], Any]
    narrow: Callable[[Any], Q]
    of_job: bool = False
    outdates: bool = False


def parse_conditions(written: Iterable[str]) -> Query:
    """Parse conditions such as ``["owner=ella", "duration_s<300"]``; all of them must hold.

    Raises ``InvalidOptions``; for an unknown key it lists the known ones.
    """
    query: Query = {}
    for text in written:
        match = _WRITTEN.fullmatch(text)
        key = "".join(match.groups()[:2]) if match else ""
        if match is None or key not in CONDITIONS:
            raise InvalidOptions(f"The condition {text!r} is not known. There are: {_listed()}.")
        if key in query:
            raise InvalidOptions(f"The condition {key!r} is given twice; all must hold at once.")
        try:
            query[key] = CONDITIONS[key].read(match[3])
        except ValueError as error:
            raise InvalidOptions(f"The condition {text!r} is not understood: {error}.") from None
    return dict(sorted(query.items()))


def sources_of(query: Query, *, before: datetime) -> QuerySet[Source]:
    """The songs that existed at ``before`` and match the query, in the order of their ids."""
    found = Source.objects.filter(_conditions(query, of_job=False), created_at__lte=before)
    if any(CONDITIONS[key].of_job for key in query):
        found = found.filter(Exists(replaceable_jobs(query).filter(source=OuterRef("pk"))))
    return found.order_by("id")


def replaceable_jobs(query: Query) -> JobQuerySet:
    """The completed jobs of people that match the query, so that a version may replace them."""
    completed = Job.objects.listed().filter(status=JobStatus.COMPLETED)
    return completed.filter(_conditions(query, of_job=True))


def outdated_jobs(query: Query) -> JobQuerySet:
    """The jobs that a condition of the query outdates; none where no condition does."""
    old = {key: value for key, value in query.items() if CONDITIONS[key].outdates}
    return Job.objects.filter(_conditions(old, of_job=True)) if old else Job.objects.none()


def _conditions(query: Query, *, of_job: bool) -> Q:
    narrowed = Q()
    for key, value in query.items():
        if CONDITIONS[key].of_job == of_job:
            narrowed &= CONDITIONS[key].narrow(value)
    return narrowed


def _listed() -> str:
    return ", ".join(f"{key}{row.meaning}" for key, row in CONDITIONS.items())


def _word(text: str) -> str:
    if not text:
        raise ValueError("nothing stands behind it")
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise ValueError("write a number of seconds") from None
    if not 0.0 <= seconds < float("inf"):
        raise ValueError("write a number of seconds")
    return seconds


def _moment(text: str) -> str:
    """Parse a day, or a day and a time, in the site's time zone unless the text names another;
    returns it in UTC."""
    day = parse_date(text)
    moment = datetime.combine(day, time()) if day else parse_datetime(text)
    if moment is None:
        raise ValueError("write a day such as 2026-01-31, or 2026-01-31T18:00")
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    return moment.astimezone(UTC).isoformat()


def _account(text: str) -> str:
    if not get_user_model().objects.filter(username=text).exists():
        raise ValueError(f"there is no account {text!r}")
    return text


def current_versions() -> dict[str, int]:
    """The version of each stage in this code; imports all stages."""
    return {row.name: int(resolve_name(row.path).version) for row in STAGES.values()}


def _stage_versions(text: str) -> dict[str, int]:
    """Parse ``separation:2``, or ``current`` for the versions of all stages in this code."""
    known = current_versions()
    if text == "current":
        return known
    name, _, number = text.partition(":")
    if name not in known or not number.isdigit():
        stages = ", ".join(known)
        raise ValueError(f"write current, or a stage and a number such as separation:2 ({stages})")
    return {name: int(number)}


def _ran(field: str, requested: str) -> Callable[[str], Q]:
    """A filter by the value of ``field`` in the manifest, which for ``auto`` differs from the
    request. Jobs without it in the manifest are filtered by the column ``requested``."""
    used = f"manifest__separation__{field}"

    def narrow(value: str) -> Q:
        return Q(**{used: value}) | Q(**{f"{used}__isnull": True, requested: value})

    return narrow


def _has_older_stage(below: dict[str, int]) -> Q:
    older = Q()
    for name, version in below.items():
        older |= Q(name=name, version__lt=version)
    return Q(Exists(Stage.objects.filter(older, job=OuterRef("pk"))))


CONDITIONS = {
    "separator=": Condition("NAME", _word, _ran("separator", "separator"), of_job=True),
    "model=": Condition("NAME", _word, _ran("model", "model_name"), of_job=True),
    "owner=": Condition("NAME", _account, lambda name: Q(owner__username=name)),
    "created_before=": Condition("DAY", _moment, lambda moment: Q(created_at__lt=moment)),
    "created_after=": Condition("DAY", _moment, lambda moment: Q(created_at__gte=moment)),
    "duration_s<": Condition("SECONDS", _seconds, lambda seconds: Q(duration_s__lt=seconds)),
    "duration_s>": Condition("SECONDS", _seconds, lambda seconds: Q(duration_s__gt=seconds)),
    "made_before=": Condition(
        "DAY", _moment, lambda moment: Q(completed_at__lt=moment), of_job=True, outdates=True
    ),
    "stage_version<": Condition(
        "STAGE:NUMBER", _stage_versions, _has_older_stage, of_job=True, outdates=True
    ),
    "weights_digest=": Condition(
        "HEX",
        _word,
        lambda digest: Q(manifest__separation__weights_digest=digest),
        of_job=True,
        outdates=True,
    ),
}
"""``created_`` filters by the song's time. ``made_`` and the others filter by the job that would be
replaced."""
