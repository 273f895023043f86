"""The template context of the comparison of two results of one song, and of its choice."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse

from jobs.models import Artifact, Job
from jobs.services.comparing import Side, other_results
from jobs.services.demo import scores
from jobs.services.job.request_validation import changed_request
from jobs.services.quality import report_of
from jobs.services.site_models.runnable import Runnable, best_first
from jobs.web.comparing.made import Made, made_of
from jobs.web.form_errors import first_error
from jobs.web.results import Version, made_with, separator_and_model
from jobs.web.uploads.choices import card_value, model_cards
from jobs.wording import decibels
from separation.errors import ModelUnavailable, SeparationError
from separation.quality.report import QualityReport, StemQuality
from separation.quality.rules import SUMS_EXACTLY_DB

NO_REPORT = "no report"


@dataclass(frozen=True)
class Unusable:
    """A choice that cannot run, and why: the end of a sentence."""

    value: str
    label: str
    reason: str


class AgainForm(forms.Form):
    """The choice of another separator for the same song than the one that made ``job``: what can
    run here, the best first. ``unusable`` holds the others."""

    model = forms.ChoiceField(label="Separate this song again with")

    def __init__(self, data: QueryDict | None = None, *, job: Job) -> None:
        # Ids with a prefix, as the page has other forms.
        super().__init__(data, auto_id="again_%s")
        made = _card_of(job)
        field = self.fields["model"]
        assert isinstance(field, forms.ChoiceField)
        # "Automatic" could choose the same one.
        cards = [card for card in model_cards() if card.value not in ("auto", made)]
        available = Runnable.load()
        reasons = {card.value: _why_not(job, card.value, available) for card in cards}
        labels = {card.value: card.label for card in cards}
        self.unusable = [Unusable(v, labels[v], reasons[v]) for v in labels if reasons[v]]
        usable = best_first(value for value in labels if not reasons[value])
        field.choices = [(value, labels[value]) for value in usable]

    @property
    def has_choices(self) -> bool:
        field = self.fields["model"]
        assert isinstance(field, forms.ChoiceField)
        return bool(field.choices)

    @property
    def refusal(self) -> str:
        """Of what was sent and is not valid."""
        sent = self.data.get("model")
        for each in self.unusable:
            if each.value == sent:
                return f"{each.label} cannot separate this song: {each.reason}."
        return first_error(self)

    @property
    def chosen(self) -> tuple[str, str | None]:
        """Separator and model."""
        return _names_of(self.cleaned_data["model"])


def _names_of(value: str) -> tuple[str, str | None]:
    separator, _, model = value.partition(":")
    return separator, model or None


def _why_not(job: Job, value: str, available: Runnable) -> str:
    """Why a separator cannot do what was asked for of ``job``; empty where it can."""
    separator, model = _names_of(value)
    # First: a site may know nothing of the stems of what is not here.
    if reason := available.why_not(separator, model):
        return reason
    try:
        request = changed_request(job.request, {"separator": separator, "model": model})
    except SeparationError as error:
        return error.detail.rstrip(".")
    return available.why_not_request(request)


def _card_of(job: Job) -> str:
    """The card of the job's model; for a job without a model that of the separator's first one."""
    names = separator_and_model(job)
    return ":".join(names) if len(names) > 1 else card_value(names[0])


def choosing_context(job: Job, stems: list[str]) -> dict[str, Any]:
    """``stems`` are those of the mixer. Without stems there is nothing to compare: empty."""
    if not stems:
        return {}
    others = other_results(job)
    return {
        "again_form": AgainForm(job=job),
        "comparable": [made_of(each) for each in others.ready],
        "coming": [Version(each, made_with(each)) for each in others.coming],
    }


def instead_context(job: Job) -> dict[str, Any]:
    """Of a job that failed for want of a model which is still not here: what can run instead."""
    if job.error_code != ModelUnavailable.code or not job.source.path.is_file():
        return {}
    if not Runnable.load().why_not_again(job):
        return {}
    form = AgainForm(job=job)
    return {"instead_form": form} if form.has_choices else {}


@dataclass(frozen=True)
class SideHead:
    """One side with its letter on button and column; ``gain_db``: the gain of its files."""

    letter: str
    made: Made
    mixer_url: str
    gain_db: float


@dataclass(frozen=True)
class Pair:
    """A stem on both sides; a side that lacks it has None. ``number`` below 10 is its key."""

    name: str
    number: int
    tracks: tuple[tuple[str, Artifact | None], ...]

    @property
    def key(self) -> str:
        return str(self.number) if self.number < 10 else ""


@dataclass(frozen=True)
class Cell:
    """One side's figures for one stem or the song; ``verdict`` is empty without a report."""

    verdict: str
    is_flagged: bool
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """The figures of both sides; ``name`` is empty for the whole song."""

    name: str
    cells: tuple[Cell, ...]


def context_of(sides: tuple[Side, Side]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for side in sides for name in side.stems))
    return {
        "job": sides[0].job,
        "sides": [_head(side) for side in sides],
        "pairs": [_pair(sides, name, n) for n, name in enumerate(names, start=1)],
        "rows": [_song_row(sides), *(_stem_row(sides, name) for name in names)],
        "are_scored": any(scores(side.job) for side in sides),
    }


def refused_context(jobs: Iterable[Job]) -> dict[str, Any]:
    return {"results": [Version(each, made_with(each)) for each in jobs]}


def _head(side: Side) -> SideHead:
    mixer_url = reverse("jobs:mixer", args=(side.job.pk,))
    gain_db = next(iter(side.stems.values())).gain_db
    return SideHead(side.letter, made_of(side.job), mixer_url, gain_db)


def _pair(sides: tuple[Side, Side], name: str, number: int) -> Pair:
    return Pair(name, number, tuple((side.letter, side.stems.get(name)) for side in sides))


def _song_row(sides: tuple[Side, Side]) -> Row:
    return Row("", tuple(_of_song(report_of(side.job)) for side in sides))


def _of_song(report: QualityReport | None) -> Cell:
    if report is None:
        return Cell("", False, (NO_REPORT,))
    flagged = bool(report.findings) or any(stem.findings for stem in report.stems)
    return Cell(report.verdict, flagged, (_residual(report),))


def _residual(report: QualityReport) -> str:
    """The residual in words: the song minus the sum of the stems."""
    if not report.complete:
        return "not all stems were requested"
    if report.residual_db is None or report.residual_db <= SUMS_EXACTLY_DB:
        return "no residual"
    return f"residual {decibels(report.residual_db, 'dB')}"


def _stem_row(sides: tuple[Side, Side], name: str) -> Row:
    return Row(name, tuple(_of_stem(side, name) for side in sides))


def _of_stem(side: Side, name: str) -> Cell:
    track = side.stems.get(name)
    if track is None:
        return Cell("", False, ("no such stem",))
    report = report_of(side.job)
    quality = _quality_of(report, name)
    sdr = (
        f"SDR {decibels(score.sdr_db, 'dB')}" for score in scores(side.job) if score.stem == name
    )
    facts = (*sdr, decibels(track.loudness_lufs, "LUFS"))
    if quality is None:
        return Cell("", False, facts)
    return Cell(quality.verdict, bool(quality.findings), facts)


def _quality_of(report: QualityReport | None, name: str) -> StemQuality | None:
    if report is None:
        return None
    return next((stem for stem in report.stems if stem.name == name), None)
