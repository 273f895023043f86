"""The lease of a claimed job. It fences every write: a worker that lost the lease cannot write."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from jobs.models import Job
from jobs.queue import clock


class LeaseLost(Exception):
    """This worker no longer holds the job. It must stop and discard what it computed."""


class Lease:
    """The right to write to one job. Every write renews it."""

    def __init__(self, job: Job) -> None:
        if job.lease_token is None:
            raise ValueError(f"job {job.pk} is not claimed")
        self.job_id: uuid.UUID = job.pk
        self.token: uuid.UUID = job.lease_token

    def renew(self) -> None:
        self.write()

    def write(self, **fields: Any) -> None:
        """Update the job and renew the lease. Raises ``LeaseLost``."""
        until = clock.now() + timedelta(seconds=settings.LEASE_S)
        self._update(**{"lease_until": until, "updated_at": timezone.now(), **fields})

    def end(self, **fields: Any) -> None:
        """Update the job for the last time and release the lease. Raises ``LeaseLost``."""
        self._update(
            **{
                "lease_token": None,
                "lease_until": None,
                "worker": "",
                "eta_s": None,
                "updated_at": timezone.now(),
                **fields,
            }
        )

    def _update(self, **fields: Any) -> None:
        if not Job.objects.held(self.token).filter(pk=self.job_id).update(**fields):
            raise LeaseLost(str(self.job_id))

    @contextmanager
    def fenced(self, **fields: Any) -> Iterator[None]:
        """Write the job and other rows in one transaction, which is only committed while the lease
        is held. Raises ``LeaseLost``."""
        with transaction.atomic():
            self.write(**fields)
            yield

    def cancel_requested(self) -> bool:
        """Whether somebody requested a cancel. Raises ``LeaseLost``."""
        held = Job.objects.held(self.token).filter(pk=self.job_id)
        row = held.values_list("cancel_requested_at").first()
        if row is None:
            raise LeaseLost(str(self.job_id))
        return row[0] is not None
