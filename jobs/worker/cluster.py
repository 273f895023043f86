"""Runs a django-q2 cluster so that it drains quickly and leaves no process behind.

There are three layers. The keeper (this process) receives the signals. Its child runs the cluster
and the housekeeping; it has a session of its own, so that a signal to the keeper's whole group does
not reach the cluster's processes one by one. The cluster has its sentinel, workers, pusher and
monitor. django-q2 by itself hangs or leaves orphans when one of these is killed. The keeper then
ends them all and returns a failure as its exit code, so that the service manager restarts it.
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
from jobs.queue.lanes import WorkerAssignment, current_assignment, take_assignment
from jobs.worker.gpu_assignment import take_card
from jobs.worker.reaper import Housekeeping, do_chore, take_back
from jobs.worker.runners import current_runner
from jobs.worker.watchdog import Watchdog
from separation.system.processes import end_with_parent

TURN_S = 0.2
GIVE_BACK_S = 5.0
GPU = "gpu"
"""The cluster that assigns each worker a graphics card."""

_log = logging.getLogger("jobs.worker")


class DrainingCluster(Cluster):  # type: ignore[misc]
    """A cluster that only sets the shared flag on a signal. If it stopped inside the signal
    handler, it could wait for workers that wait for a database lock of the interrupted code."""

    def sig_handler(self, number: int, frame: FrameType | None) -> None:
        drain.request()


def run_cluster(post: WorkerAssignment) -> int:
    """Run the cluster until a signal or a crash; returns the exit code: 0 after a clean drain."""
    take_assignment(post)
    drain.clear()
    worker_table.clear()
    connections.close_all()
    drain.request_on(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    child = multiprocessing.get_context("fork").Process(
        target=_serve, args=(os.getpid(),), name="stemworker"
    )
    child.start()
    while child.is_alive() and not drain.requested():
        child.join(TURN_S)
    # Running jobs are back in the queue within a second. After that django-q2 winds down.
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
    """Take back the jobs of workers that were killed with their cluster, so that these jobs need
    not wait until their leases expire."""
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
    """Handle SIGTERM in the sentinel and, by inheritance, in the workers.

    The sentinel removes our handler when it starts. A SIGTERM to every process of a service would
    then kill the sentinel and its workers, but only a living worker can give its job back. The
    sentinel forks all its children before it does anything else, so this hook runs in time.
    """
    global _parent
    _parent = os.getpid()
    drain.request_on(signal.SIGTERM)


def _follow_parent() -> None:
    """End this process with its parent, even if the parent was killed right after the fork."""
    end_with_parent(parent=_parent)


def _serve(keeper: int) -> None:
    """Run the cluster in the keeper's child; never returns.

    A normal exit would wait for the sentinel, which nobody has stopped when this process failed.
    ``os._exit`` does not wait, and the kernel ends the child processes with this one.
    """
    code = 1
    try:
        code = _run_until_drained(keeper)
    except BaseException:
        _log.critical("the cluster's main process failed", exc_info=True)
        _drain_workers()
    finally:
        logging.shutdown()
        os._exit(code)


def _run_until_drained(keeper: int) -> int:
    os.setsid()
    end_with_parent(signal.SIGTERM, parent=keeper)
    # If keeper and cluster are both killed, no process is left to end the others.
    os.register_at_fork(before=_before_fork, after_in_child=_follow_parent)
    post_spawn.connect(_warm_up)
    cluster = DrainingCluster(get_broker(current_assignment().queue))
    housekeeping = Housekeeping()
    watchdog = Watchdog(on_death=housekeeping.lost)
    try:
        cluster.start()
    except RuntimeError:
        # The sentinel got a signal before it had a handler. There was no work yet.
        return 0 if drain.requested() else 1
    while not drain.requested():
        if not cluster.sentinel.is_alive() or watchdog.needs_restart():
            _drain_workers()
            housekeeping.end()
            return 1
        housekeeping.turn()
        time.sleep(TURN_S)
    _limit_shutdown()
    housekeeping.end()
    connections.close_all()
    cluster.stop()
    return int(cluster.sentinel.exitcode != 0)


def _limit_shutdown() -> None:
    """Exit after STEMSITE_DRAIN_S at the latest.

    A sentinel waits for ever for a pusher or monitor that waits for the lock of a killed process.
    The keeper kills such a cluster, but the keeper itself may be dead.
    """
    timer = threading.Timer(settings.DRAIN_S, os._exit, (1,))
    timer.daemon = True
    timer.start()


def _drain_workers() -> None:
    """Request draining, and wait until the workers have given their jobs back.

    The keeper then kills all processes. An attempt whose job is given back before does not count.
    """
    drain.request()
    until = time.monotonic() + GIVE_BACK_S
    while worker_table.anyone_works() and time.monotonic() < until:
        time.sleep(TURN_S)


def _warm_up(**_: object) -> None:
    """Register a new worker and start its runner before the first job needs it."""
    worker_table.register()
    heartbeats.register(take_card() if current_assignment().cluster == GPU else None)
    # The runner's process must not inherit the connection that was opened here.
    connections.close_all()
    current_runner()
