"""The filters of the library as plain links: a chip for each that is set, a menu of the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from jobs.models import Tag
from jobs.models.job import JobQuerySet, JobStatus
from jobs.services.batches.rows import batches_offered
from jobs.services.set_lists.contents import SetListRow
from jobs.web.history.forms import HistoryFilter

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True)
class Choice:
    """``address``: the library with this value."""

    label: str
    address: str
    is_chosen: bool


@dataclass(frozen=True)
class Menu:
    label: str
    choices: list[Choice]


@dataclass(frozen=True)
class Chip:
    """A filter that is set. ``address``: the library without it."""

    kind: str
    label: str
    address: str


@dataclass(frozen=True)
class Offer:
    """The values that the songs of one account have, by the name of the filter."""

    values: dict[str, list[tuple[str, str]]]
    has_favourites: bool


def offer_of(owner: "User", jobs: JobQuerySet, set_lists: list[SetListRow], batch: str) -> Offer:
    """``batch``: the id of the selected batch, which is always among the values."""
    found = list(jobs.order_by().values_list("separator", "status", "is_favourite").distinct())
    statuses = {status for _separator, status, _favourite in found}
    tags = Tag.objects.filter(owner=owner).values_list("name", flat=True)
    values = {
        "status": [(value, str(label)) for value, label in JobStatus.choices if value in statuses],
        "separator": _same(sorted({separator for separator, _status, _favourite in found})),
        "tag": _same(list(tags)),
        "batch": batches_offered(owner, also=batch),
        "set_list": [(str(row.id), row.name) for row in set_lists],
    }
    return Offer(values, any(is_favourite for _separator, _status, is_favourite in found))


def _same(values: list[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]


def _kinds() -> dict[str, str]:
    return {
        "status": _("Status"),
        "separator": _("Separator"),
        "tag": _("Tag"),
        "batch": _("Batch"),
        "set_list": _("Set list"),
    }


_LEAST = {"status": 2, "separator": 2}
"""From how many values on a filter divides the songs; one tag divides them already."""


def menus(form: HistoryFilter, offer: Offer) -> list[Menu]:
    """The filters that tell songs of this account apart, each with its values."""
    chosen = form.chosen
    found = [
        Menu(label, [_choice(chosen, name, value, text) for value, text in offer.values[name]])
        for name, label in _kinds().items()
        if len(offer.values[name]) >= _LEAST.get(name, 1)
    ]
    if offer.has_favourites:
        favourites = _choice(chosen, "favourite", "True", _("Favourites only"))
        found.append(Menu(_("Favourites"), [favourites]))
    return found


def chips(form: HistoryFilter) -> list[Chip]:
    chosen = form.chosen
    found = [
        Chip(label, form.labels(name)[chosen[name]], address_of(chosen, **{name: ""}))
        for name, label in _kinds().items()
        if name in chosen
    ]
    if "favourite" in chosen:
        found.append(Chip("", _("Favourites only"), address_of(chosen, favourite="")))
    return found


def orders(form: HistoryFilter) -> list[Choice]:
    return [
        Choice(label, address_of(form.chosen, sort=value), value == form.sort_chosen)
        for value, label in form.labels("sort").items()
    ]


def _choice(chosen: Mapping[str, str], name: str, value: str, label: str) -> Choice:
    is_chosen = chosen.get(name) == value
    return Choice(label, address_of(chosen, **{name: "" if is_chosen else value}), is_chosen)


def address_of(chosen: Mapping[str, str], **changes: str) -> str:
    """The library with these filters; an empty one is left out, and so is the page."""
    query = {name: value for name, value in {**chosen, **changes}.items() if value}
    home = reverse("jobs:history")
    return f"{home}?{urlencode(query)}" if query else home
