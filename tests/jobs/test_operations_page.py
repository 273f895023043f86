"""What the operator's page shows, to whom, and what it costs."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.management.commands.fetch_models import fetchable
from jobs.models import Job, MissingModel, Speed, Worker
from jobs.models.job import JobStatus, Lane
from jobs.services.operations import DiskStatus, disk_statuses, lane_statuses
from jobs.templatetags.operations import age
from tests.factories import make_job, make_source, make_user

PAGE = reverse("admin:jobs_worker_changelist")
LIVE = reverse("admin:jobs_worker_live")


@pytest.fixture
def client(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def add_worker(name: str = "amber:7", **fields: object) -> Worker:
    host, pid = name.split(":")
    row = {"name": name, "host": host, "pid": int(pid), "cluster": "stemsite"}
    return Worker.objects.create(**{**row, "seen_at": timezone.now(), **fields})


def running_job(worker: str = "amber:7", **fields: Any) -> Job:
    source = make_source(original_name="Needle.flac", content=b"")
    return make_job(
        **{"source": source, "status": JobStatus.PROCESSING, "worker": worker, **fields}
    )


def shown(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_first_page_of_the_admin_leads_to_it(client: Client) -> None:
    assert f'<a href="{PAGE}">Operations</a>' in shown(client, reverse("admin:index"))


def test_a_worker_shows_what_it_runs_how_far_and_since_when(client: Client) -> None:
    started = timezone.now() - timedelta(minutes=3, seconds=10)
    job = running_job(
        progress_percent=47.2, progress_stage="separation", eta_s=73.0, started_at=started
    )
    add_worker(
        devices=["NVIDIA H200"],
        lanes=["interactive"],
        runner_pid=4711,
        runner_memory_bytes=3_200_000_000,
    )
    page = shown(client)
    for text in (
        "amber:7", "stemsite: interactive", "working", "Needle", "47 %", "separate stems",
        "about 75 s left", "3 min", "NVIDIA H200", "3.20 GB", "process 4711",
    ):  # fmt: skip
        assert text in page, text
    assert reverse("admin:jobs_job_change", args=[job.pk]) in page


def test_a_worker_that_has_nothing_to_do_is_idle(client: Client) -> None:
    add_worker()
    assert ">idle<" in shown(client)


def test_a_worker_that_stopped_signing_on_is_called_silent(
    client: Client, settings: Settings
) -> None:
    add_worker(seen_at=timezone.now() - timedelta(seconds=settings.LEASE_S + 60))
    page = shown(client)
    assert ">silent<" in page and "last seen 2 min ago" in page


def test_a_running_job_shows_though_its_worker_has_no_row(client: Client) -> None:
    running_job("basalt:9")
    page = shown(client)
    assert "basalt:9" in page and "Needle" in page


def test_each_lane_shows_its_length_and_its_longest_wait(client: Client) -> None:
    job = make_job()
    make_job(not_before=timezone.now() + timedelta(minutes=1))
    make_job(lane="backfill")
    Job.objects.filter(pk=job.pk).update(updated_at=timezone.now() - timedelta(minutes=5))
    lanes = shown(client).partition('id="lanes"')[2].partition("</section>")[0]
    rows = ["".join(row.split()) for row in lanes.split("<tr>")[2:]]
    interactive, backfill = rows
    assert '"Waiting"class="number">1<' in interactive
    assert '"Longestwait"class="number">5min<' in interactive
    assert '"Tryingagainlater"class="number">1<' in interactive
    assert '"Waiting"class="number">1<' in backfill


@pytest.mark.django_db
def test_a_lane_in_which_nothing_is_shows_as_empty() -> None:
    empty = [(0, 0, 0, None)] * len(Lane)
    rows = [(row.waiting, row.later, row.running, row.oldest_since) for row in lane_statuses()]
    assert rows == empty


def test_a_device_is_told_by_its_name_where_it_has_one(client: Client) -> None:
    add_worker(devices=[{"name": "NVIDIA H200", "memory": 1}, {"index": 3}, "cpu"])
    assert "NVIDIA H200, {&#x27;index&#x27;: 3}, cpu" in shown(client)


def test_the_last_failures_show_with_their_reason(client: Client) -> None:
    source = make_source(original_name="Broken.wav", content=b"")
    make_job(
        source=source,
        status=JobStatus.FAILED,
        error_code="corrupt_audio",
        error_detail="It <b>ends</b> early.",
    )
    page = shown(client)
    for text in ("Broken", "corrupt_audio", "It &lt;b&gt;ends&lt;/b&gt; early."):
        assert text in page, text


def test_no_more_than_the_last_eight_failures_show(client: Client) -> None:
    now = timezone.now()
    for number in range(9):
        source = make_source(original_name=f"Broken {number}.wav", content=b"")
        ended = now - timedelta(minutes=number)
        make_job(source=source, status=JobStatus.FAILED, completed_at=ended)
    page = shown(client)
    assert [number for number in range(9) if f"Broken {number}<" in page] == [*range(8)]


def missing(**fields: object) -> MissingModel:
    row = {"host": "amber", "model_name": "htdemucs", "used": "standard"}
    told = {"reason": "No way to huggingface.co (403).", "seen_at": timezone.now()}
    return MissingModel.objects.create(**{**row, **told, **fields})


def test_a_model_that_songs_did_without_shows_with_the_reason_and_what_to_do(
    client: Client, settings: Settings
) -> None:
    assert "did without" not in shown(client)
    settings.OFFLINE = False
    missing(seen_at=timezone.now() - timedelta(minutes=2))
    page = shown(client)
    for text in (
        "Hybrid Transformer Demucs", "on amber; Standard ran", "2 min ago",
        "No way to huggingface.co (403).", "Let amber reach huggingface.co",
        "<code>python manage.py fetch_models htdemucs</code>",
    ):  # fmt: skip
        assert text in page, text
    settings.OFFLINE = True
    page = shown(client)
    assert "STEMSITE_OFFLINE is set" in page and "Let amber reach" not in page


def test_the_command_that_is_told_is_one_that_there_is(client: Client) -> None:
    for name in ("htdemucs", "spleeter_2stems"):
        missing(model_name=name)
    page = shown(client)
    told = re.findall(r"<code>python manage.py fetch_models (\w+)</code>", page)
    assert told == ["htdemucs", "spleeter_2stems"] and set(told) <= set(fetchable())


def test_a_model_that_nobody_fetches_is_to_be_put_there(client: Client) -> None:
    missing(model_name="choir")
    assert "choir" in shown(client)
    assert "Put its weights into STEMSITE_MODEL_DIR of amber." in shown(client)


def test_what_was_learned_shows_as_the_time_for_an_ordinary_song(client: Client) -> None:
    Speed.objects.create(
        host="amber", device="cpu", work="separation", separator="demucs",
        model_name="htdemucs", precision="bfloat16", seconds_per_second=0.25, samples=12,
    )  # fmt: skip
    page = shown(client)
    assert "demucs, htdemucs, bfloat16" in page and "1 min 0 s" in page


@pytest.mark.parametrize(
    ("free", "total", "used"), [(250, 1000, 75.0), (0, 10, 100.0), (0, 0, 0.0)]
)
def test_a_disk_tells_how_much_of_it_is_used(free: int, total: int, used: float) -> None:
    assert DiskStatus("Results", Path("/"), free, total).used_percent == used


def test_a_disk_that_runs_full_is_called_low(settings: Settings) -> None:
    settings.OUTPUT_DIR.mkdir()
    settings.MIN_FREE_BYTES = 1
    uploads, outputs = disk_statuses()
    assert outputs.total_bytes > 0 and not outputs.is_low
    settings.MIN_FREE_BYTES = outputs.total_bytes
    assert outputs.is_low
    # Not made yet, or gone.
    assert (uploads.total_bytes, uploads.is_low) == (0, True)


def test_nobody_at_work_is_said_with_what_to_do(client: Client) -> None:
    assert "<code>python manage.py stemworker</code>" in shown(client)


def test_the_page_asks_for_its_moving_part_and_holds_nothing_inline(client: Client) -> None:
    page = shown(client)
    assert f'hx-get="{LIVE}"' in page
    assert "<style" not in page and " style=" not in page
    assert "<html" not in shown(client, LIVE) and 'id="workers"' in shown(client, LIVE)


def test_many_workers_and_jobs_cost_as_many_queries_as_one(client: Client) -> None:
    add_worker()
    running_job()
    with CaptureQueriesContext(connection) as one:
        client.get(LIVE)
    for number in range(10, 30):
        add_worker(f"amber:{number}")
        running_job(f"amber:{number}", owner=make_user(f"user{number}"))
        make_job()
        make_job(status=JobStatus.FAILED)
    with CaptureQueriesContext(connection) as many:
        client.get(LIVE)
    assert len(many) == len(one) <= 13


def test_who_is_not_staff_is_sent_to_log_in(client: Client, stranger: User) -> None:
    client.force_login(stranger)
    assert client.get(PAGE).status_code == 302
    client.logout()
    assert client.get(PAGE).status_code == 302


def test_polling_after_logging_out_loads_the_page_anew(client: Client) -> None:
    client.logout()
    answer = client.get(LIVE)
    assert (answer.status_code, answer["HX-Refresh"], answer.content) == (200, "true", b"")


def test_staff_need_the_permission_to_see_workers(client: Client) -> None:
    helper = make_user("helper", is_staff=True)
    client.force_login(helper)
    assert client.get(PAGE).status_code == client.get(LIVE).status_code == 403
    helper.user_permissions.add(Permission.objects.get(codename="view_worker"))
    running_job()
    # Whoever may see workers but no jobs learns no names of songs.
    page = shown(client)
    assert "amber:7" in page and "Needle" not in page
    helper.user_permissions.add(Permission.objects.get(codename="view_job"))
    assert "Needle" in shown(client)


def test_nothing_can_be_changed_there(client: Client) -> None:
    worker = add_worker()
    address = reverse("admin:jobs_worker_delete", args=[worker.pk])
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert client.post(PAGE, {"action": "delete_selected"}).status_code == 405


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "\N{EN DASH}"), (0.0, "0 s"), (119, "119 s"), (121, "2 min"), (7260, "2 h 1 min"),
     (200_000, "2 days")],
)  # fmt: skip
def test_spans_are_told_in_units_that_fit(seconds: float | None, words: str) -> None:
    assert age(seconds) == words


def test_templates_of_the_page_use_names_of_columns_on_a_phone(settings: Settings) -> None:
    folder = Path(settings.BASE_DIR) / "templates/admin/jobs/worker"
    cells = (folder / "live.html").read_text().partition("<tbody>")[2]
    for cell in cells.split("<td")[1:]:
        assert "data-label=" in cell.partition(">")[0], cell[:80]
