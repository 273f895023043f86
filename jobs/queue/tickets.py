"""Tickets: each says "there may be work", never which job.

Each cluster has a queue of them, and so have workers that serve some lanes only. Whoever makes
work puts a ticket into every queue that somebody serves and that is short of them; each cluster
tops up its own. So a job reaches whichever worker is free first, and the tickets that come too
late find nothing and do no harm.
"""

from collections import Counter

from django.conf import settings
from django_q.brokers import get_broker
from django_q.tasks import async_task

from jobs.queue import heartbeats
from jobs.queue.claim import runnable
from jobs.queue.lanes import Post, current_post

RUN_NEXT = "jobs.worker.tasks.run_next"


def put_ticket(lane: str) -> None:
    """Call it once the job is committed; a ticket too many does no harm."""
    for queue, workers in queues_served(lane).items():
        if tickets_waiting(queue) < workers:
            _put(queue, lane)


def queues_served(lane: str) -> Counter[str]:
    """How many workers wait at each queue whose tickets may lead to a job of ``lane``; the
    default cluster's where nobody does."""
    rows = heartbeats.alive().values_list("cluster", "lanes")
    posts = [Post(cluster, tuple(lanes)) for cluster, lanes in rows if lane in lanes]
    return Counter(post.queue for post in posts) or Counter([str(settings.Q_CLUSTER["name"])])


def tickets_waiting(queue: str | None = None) -> int:
    """Tickets that no worker has taken yet; by default of this process's own queue."""
    return int(get_broker(queue or current_post().queue).queue_size())


def top_up() -> int:
    """Put the tickets that are missing for the jobs that this cluster could run now; returns how
    many.

    No more than there are workers at its queue: each puts the next one when it is done.
    """
    post = current_post()
    lanes = runnable(post.lanes).order_by("created_at").values_list("lane", flat=True)
    wanted = list(lanes[: max(post.workers, _workers_at(post))])
    if not wanted:
        return 0
    missing = wanted[tickets_waiting() :]
    for lane in missing:
        _put(post.queue, lane)
    return len(missing)


def _workers_at(post: Post) -> int:
    """On all hosts together."""
    return queues_served(post.lanes[0])[post.queue]


def _put(queue: str, lane: str) -> None:
    async_task(RUN_NEXT, lane, task_name=f"run-next-{lane}", cluster=queue)
