"""The django-q2 cluster as a well-behaved program: it drains quickly and leaves no process.

Three layers. The keeper (this process) gets the signals. Its child, in a session of its own so
that a signal to the keeper's whole group cannot tear the cluster apart, runs the cluster and the
housekeeping. The cluster has its sentinel, workers, pusher and monitor. django-q2 by itself hangs
or leaves orphans when one of these is killed; the keeper then ends them all and says so by its
exit code, so that whatever supervises it starts it anew.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from types import FrameType

from django.conf import settings
from django.db import connections
from django_q.brokers import get_broker
from django_q.cluster import Cluster
from django_q.signals import post_spawn

from jobs.queue import drain, heartbeats, worker_table
from jobs.queue.lanes import Post, current_post, take_post
from jobs.worker.gpu_assignment import take_card
from jobs.worker.reaper import Housekeeping, do_chore, take_back
from jobs.worker.runners import current_runner
from jobs.worker.watchdog import Watchdog
from separation.system.processes import end_with_parent

TURN_S = 0.2
GIVE_BACK_S = 5.0
GPU = "gpu"
"""The cluster whose workers have a card each."""

_log = logging.getLogger("jobs.worker")


class DrainingCluster(Cluster):  # type: ignore[misc]
    """A signal only raises the shared flag: stopping inside a signal handler could wait for
    workers that wait for a database lock that the interrupted code holds."""

    def sig_handler(self, number: int, frame: FrameType | None) -> None:
        drain.request()


def run_cluster(post: Post) -> int:
    """Blocks until a signal or a crash; the exit code says which."""
    take_post(post)
    drain.clear()
    worker_table.clear()
    connections.close_all()
    drain.heed(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    child = multiprocessing.get_context("fork").Process(
        target=_serve, args=(os.getpid(),), name="stemworker"
    )
    child.start()
    while child.is_alive() and not drain.requested():
        child.join(TURN_S)
    # Running jobs are back in the queue within a second; the rest is django-q2 winding down.
    child.join(settings.DRAIN_S)
    clean = child.exitcode == 0 and drain.requested()
    if not clean:
        _log.error("the cluster did not end by itself (code %s); killing it", child.exitcode)
    _kill_group(child.pid)
    child.join()
    do_chore(_take_back_all)
    do_chore(heartbeats.Heartbeats().end)
    return 0 if clean else 1


def _take_back_all() -> None:
    """Of workers that were killed with their cluster, so that their jobs wait for no lease."""
    for member in worker_table.members():
        if member.token is not None:
            take_back(member.token)


def _kill_group(pid: int | None) -> None:
    assert pid is not None
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


_parent = 0


def _before_fork() -> None:
    """The sentinel drops our handler as it is born, and would die of a SIGTERM to every process of
    a service, and the workers, who inherit what it has: but a job is given back by those who live.
    It forks all of them before it does anything else, and so comes here first."""
    global _parent
    _parent = os.getpid()
    drain.heed(signal.SIGTERM)


def _follow_parent() -> None:
    """Also when the parent was killed between the fork and this line."""
    end_with_parent(parent=_parent)


def _serve(keeper: int) -> None:
    """Never returns: on the usual way out of a process it would wait for the sentinel, which
    nobody has told to stop when something broke here. The kernel ends the others with us."""
    code = 1
    try:
        code = _lead(keeper)
    except BaseException:
        _log.critical("the cluster's main process failed", exc_info=True)
        _have_jobs_given_back()
    finally:
        logging.shutdown()
        os._exit(code)


def _lead(keeper: int) -> int:
    os.setsid()
    end_with_parent(signal.SIGTERM, parent=keeper)
    # Were keeper and cluster both killed, nobody would be left to end the others.
    os.register_at_fork(before=_before_fork, after_in_child=_follow_parent)
    post_spawn.connect(_warm_up)
    cluster = DrainingCluster(get_broker(current_post().queue))
    housekeeping = Housekeeping()
    watchdog = Watchdog(on_death=housekeeping.lost)
    try:
        cluster.start()
    except RuntimeError:
        # Its sentinel was told to stop before it heeded that; there was no work yet.
        return 0 if drain.requested() else 1
    while not drain.requested():
        if not cluster.sentinel.is_alive() or watchdog.bites():
            _have_jobs_given_back()
            housekeeping.end()
            return 1
        housekeeping.turn()
        time.sleep(TURN_S)
    _end_in_time()
    housekeeping.end()
    connections.close_all()
    cluster.stop()
    return int(cluster.sentinel.exitcode != 0)


def _end_in_time() -> None:
    """The keeper would kill what does not wind down; but it may be dead, and a sentinel waits for
    ever for a pusher or monitor that waits for the lock of one that was killed."""
    timer = threading.Timer(settings.DRAIN_S, os._exit, (1,))
    timer.daemon = True
    timer.start()


def _have_jobs_given_back() -> None:
    """The keeper kills what is left; before that, those who still work give their jobs back, so
    that no attempt is charged for what was not the job's fault."""
    drain.request()
    until = time.monotonic() + GIVE_BACK_S
    while worker_table.anyone_works() and time.monotonic() < until:
        time.sleep(TURN_S)


def _warm_up(**_: object) -> None:
    """Runs in each worker as it is born: its runner starts while nobody waits for it."""
    worker_table.sign_on()
    heartbeats.sign_on(take_card() if current_post().cluster == GPU else None)
    # The connection that this made must not be one that a runner's start could share.
    connections.close_all()
    current_runner()
