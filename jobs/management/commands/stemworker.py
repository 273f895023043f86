"""``manage.py stemworker``: runs jobs until a signal stops it."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from jobs.queue.cluster_status import cluster_status
from jobs.queue.lanes import ALL, WorkerAssignment, clusters, in_order, unknown

CLUSTER_VARIABLE = "Q_CLUSTER_NAME"
"""django-q2 reads this variable when it is imported, before a command sees its options."""


class Command(BaseCommand):
    help = "Run the worker; SIGTERM or Ctrl-C gives running jobs back to the queue and ends it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--cluster",
            help="the cluster of settings: the default one, or gpu, in which each worker has "
            "a card",
        )
        parser.add_argument(
            "--lanes",
            help="take jobs only from these, such as interactive, which always goes first "
            "(default: STEMSITE_LANES)",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="only list the workers of each cluster; the exit code is 1 if there are none "
            "or jobs do not move, with --cluster or --lanes: if none works for these",
        )

    def handle(
        self, *args: Any, cluster: str | None, lanes: str | None, check: bool, **options: Any
    ) -> None:
        if not check:
            cluster = cluster or os.environ.get(CLUSTER_VARIABLE) or str(settings.Q_CLUSTER["name"])
        if cluster is not None and cluster not in clusters():
            raise CommandError(
                f"There is no cluster {cluster!r}. Choose one of {', '.join(clusters())}."
            )
        chosen_lanes = _lanes(lanes) if lanes is not None else None
        if cluster is None or check:
            self._check(cluster, chosen_lanes)
            return
        _start_as(cluster)
        from jobs.worker.cluster import run_cluster

        sys.exit(run_cluster(WorkerAssignment(cluster, chosen_lanes or in_order(settings.LANES))))

    def _check(self, cluster: str | None, lanes: tuple[str, ...] | None) -> None:
        try:
            status = cluster_status(cluster=cluster, lanes=lanes)
        except DatabaseError as error:
            raise CommandError(
                "The database cannot be read. It is made by `manage.py serve` or `manage.py "
                f"migrate`, which must have run once: {error}"
            ) from error
        for sentence in dict.fromkeys((*status.sentences, *status.faults)):
            self.stdout.write(sentence)
        if status.faults:
            sys.exit(1)


def _lanes(text: str) -> tuple[str, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    odd = unknown(words)
    if odd or not words:
        raise CommandError(
            f"--lanes {text!r}: write one or more of {', '.join(ALL)}, with commas between."
        )
    return in_order(words)


def _start_as(cluster: str) -> None:
    """Restart by ``os.execv``, so that django-q2 reads the settings of ``cluster``."""
    is_default = cluster == settings.Q_CLUSTER["name"]
    if os.environ.get(CLUSTER_VARIABLE, cluster if is_default else None) == cluster:
        return
    os.environ[CLUSTER_VARIABLE] = cluster
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
