"""Batches in the table of jobs."""

from collections.abc import Mapping
from uuid import UUID

from django import template

from jobs.models import Job
from jobs.services.batches.rows import BatchRow

register = template.Library()


@register.filter
def row_of(rows: Mapping[UUID, BatchRow], job: Job) -> BatchRow | None:
    """The row of the batch that the table shows in place of ``job``."""
    return rows.get(job.pk) if rows else None
