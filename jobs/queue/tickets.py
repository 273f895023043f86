"""Tickets: each says "there may be work in this lane", never which job."""

from django_q.tasks import async_task

RUN_NEXT = "jobs.queue.tasks.run_next"


def put_ticket(lane: str) -> None:
    """Call it once the job is committed; a ticket too many does no harm."""
    async_task(RUN_NEXT, lane, task_name=f"run-next-{lane}")
