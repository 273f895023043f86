"""Tickets: each says "there may be work", never which job."""

from django.conf import settings
from django_q.brokers import get_broker
from django_q.tasks import async_task

from jobs.models import Job

RUN_NEXT = "jobs.queue.tasks.run_next"


def put_ticket(lane: str) -> None:
    """Call it once the job is committed; a ticket too many does no harm."""
    async_task(RUN_NEXT, lane, task_name=f"run-next-{lane}")


def tickets_waiting() -> int:
    """Tickets that no worker has taken yet."""
    return int(get_broker().queue_size())


def top_up() -> int:
    """Put the tickets that are missing for the jobs that could run now; returns how many.

    No more than there are workers: each puts the next one when it is done.
    """
    lanes = list(Job.objects.due().order_by("created_at").values_list("lane", flat=True)[: _most()])
    if not lanes:
        return 0
    missing = lanes[tickets_waiting() :]
    for lane in missing:
        put_ticket(lane)
    return len(missing)


def _most() -> int:
    return max(1, int(settings.WORKERS))
