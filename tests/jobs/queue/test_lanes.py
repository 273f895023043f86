import pytest
from pytest_django.fixtures import Settings

from jobs.queue.lanes import ALL, WorkerAssignment, clusters, current_assignment, in_order


def test_the_gpu_cluster_has_what_the_default_has_but_for_its_own(settings: Settings) -> None:
    default, gpu = clusters().values()
    assert list(clusters()) == ["stemsite", "gpu"]
    assert gpu["queue_limit"] == 1 and gpu["orm"] == default["orm"]
    assert gpu["timeout"] == settings.MAX_JOB_S + 600
    assert gpu["retry"] == 3 * gpu["timeout"] + 60
    assert "ALT_CLUSTERS" not in default and "ALT_CLUSTERS" not in gpu


@pytest.mark.parametrize("said", [["backfill", "interactive"], ["interactive", "backfill"] * 2])
def test_interactive_goes_first_whatever_the_order(said: list[str]) -> None:
    assert in_order(said) == ALL == ("interactive", "backfill")


def test_workers_of_some_lanes_have_a_queue_of_their_own() -> None:
    posts = [
        WorkerAssignment("gpu", ALL),
        WorkerAssignment("gpu", ("backfill",)),
        WorkerAssignment("stemsite", ("backfill",)),
    ]
    assert [post.queue for post in posts] == ["gpu", "gpu:backfill", "stemsite:backfill"]


def test_without_a_word_a_process_stands_where_the_settings_say(settings: Settings) -> None:
    settings.LANES = ["interactive"]
    assert current_assignment() == WorkerAssignment("stemsite", ("interactive",))
