"""Tickets: each one says "there may be work" and names no job.

Each cluster has a queue of tickets, and so has each group of workers that serves only some lanes.
Code that creates work puts a ticket into every served queue that has fewer tickets than workers,
and each cluster tops up its own queue. So the first free worker takes the job. A ticket that comes
too late finds no job and does no harm.
"""

from collections import Counter

from django.conf import settings
from django_q.brokers import get_broker
from django_q.tasks import async_task

from jobs.queue import heartbeats
from jobs.queue.claim import runnable
from jobs.queue.lanes import WorkerAssignment, current_assignment

RUN_NEXT = "jobs.worker.tasks.run_next"


def put_ticket(lane: str) -> None:
    """Call it after the job is committed. A superfluous ticket does no harm."""
    for queue, workers in queues_served(lane).items():
        if tickets_waiting(queue) < workers:
            _put(queue, lane)


def queues_served(lane: str) -> Counter[str]:
    """The number of workers at each queue that serves ``lane``; the default cluster's queue where
    no worker serves it."""
    rows = heartbeats.alive().values_list("cluster", "lanes")
    posts = [WorkerAssignment(cluster, tuple(lanes)) for cluster, lanes in rows if lane in lanes]
    return Counter(post.queue for post in posts) or Counter([str(settings.Q_CLUSTER["name"])])


def tickets_waiting(queue: str | None = None) -> int:
    """How many tickets no worker has taken yet; by default in the queue of this process."""
    return int(get_broker(queue or current_assignment().queue).queue_size())


def top_up() -> int:
    """Add the missing tickets for the jobs that this cluster could run now; returns how many.

    The queue gets at most one ticket for each of its workers, as each worker adds the next ticket
    when it finishes a job.
    """
    post = current_assignment()
    lanes = runnable(post.lanes).order_by("created_at").values_list("lane", flat=True)
    runnable_lanes = list(lanes[: max(post.workers, _workers_at(post))])
    if not runnable_lanes:
        return 0
    missing = runnable_lanes[tickets_waiting() :]
    for lane in missing:
        _put(post.queue, lane)
    return len(missing)


def _workers_at(post: WorkerAssignment) -> int:
    """The workers at the queue of ``post``, on all hosts together."""
    return queues_served(post.lanes[0])[post.queue]


def _put(queue: str, lane: str) -> None:
    async_task(RUN_NEXT, lane, task_name=f"run-next-{lane}", cluster=queue)
