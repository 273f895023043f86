"""Filters of the operator's page for spans of time and kinds of work."""

from datetime import datetime

from django import template

from jobs.models import Speed
from jobs.services.timing.speed import SOME_STEMS
from jobs.wording import stage_label, took
from separation.stage_table import SEPARATION

register = template.Library()

NOTHING = "\N{EN DASH}"

FOUR_MINUTES_S = 240.0
"""The length of an ordinary song: seconds per song are easier to read than a rate."""


@register.filter
def age(seconds: float | None) -> str:
    """A span of time with at most two units."""
    if seconds is None:
        return NOTHING
    whole = max(int(seconds), 0)
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h {minutes % 60} min"
    return f"{hours // 24} days"


@register.filter
def since(moment: datetime | None, now: datetime) -> str:
    return age((now - moment).total_seconds()) if moment else ""


@register.filter
def work(speed: Speed) -> str:
    if speed.work == SOME_STEMS:
        return f"{stage_label(SEPARATION)}, some only"
    return stage_label(speed.work)


@register.filter
def four_minutes(speed: Speed) -> str:
    return took(speed.seconds_per_second * FOUR_MINUTES_S)
