from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import OrmQ, Task

from jobs.models import AudioUse
from jobs.queue.tickets import put_ticket
from jobs.worker.queue_pruning import prune_queue

pytestmark = pytest.mark.django_db


def make_task(name: str, days: int) -> None:
    at = timezone.now() - timedelta(days=days)
    Task.objects.create(id=name, name=name, func="f", started=at, stopped=at, success=False)


def test_old_reports_of_failures_go_and_new_ones_stay() -> None:
    make_task("old", 8)
    make_task("new", 6)
    assert prune_queue() == 1
    assert Task.objects.get().name == "new"


def test_tickets_for_nobody_go_and_those_that_wait_or_are_held_stay() -> None:
    for lane in ("interactive", "backfill"):
        OrmQ.objects.create(key=lane, payload="x", lock=timezone.now() - timedelta(days=8))
    OrmQ.objects.create(key="held", payload="x", lock=timezone.now() + timedelta(hours=20))
    put_ticket("interactive")
    assert prune_queue() == 2
    assert set(OrmQ.objects.values_list("key", flat=True)) == {"held", "stemsite"}


def test_audio_that_no_longer_counts_is_forgotten(owner: User) -> None:
    for _ in range(2):
        AudioUse.objects.create(owner=owner, seconds=1.0)
    old = AudioUse.objects.earliest("pk")
    AudioUse.objects.filter(pk=old.pk).update(used_at=timezone.now() - timedelta(days=8))
    assert prune_queue() == 1
    assert AudioUse.objects.exists()
