"""A database that was copied without its log is no empty site."""

from pathlib import Path

import pytest
from django.db import connection

from jobs.models import Stage
from jobs.services.job.delete import delete_job
from stemsite.lost_database import lost_database
from tests.factories import make_job
from tests.jobs.backup.world import Site, free_port


def folder_of_a_job(outputs: Path) -> None:
    folder = outputs / "0d9b8f0e-6f0b-4d0c-9f7b-2f0f4f6f7a11"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")


@pytest.mark.slow
def test_a_database_copied_without_its_log_does_not_start(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.lay_out()
    folder_of_a_job(site.data_dir / "outputs")
    done = site.manage("serve", "--port", str(free_port()), check=False)
    assert done.returncode == 1
    assert "-wal" in done.stderr and "Traceback" not in done.stderr
    assert "administrator" not in done.stdout
    assert not (site.data_dir / "setup_token").exists()


@pytest.mark.django_db
def test_an_empty_site_starts(tmp_path: Path) -> None:
    assert lost_database() is None


@pytest.mark.django_db
def test_results_beside_a_database_that_never_knew_a_job_are_told(tmp_path: Path) -> None:
    # Other tests have numbered stages; what empties their tables leaves the count.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [Stage._meta.db_table])
    folder_of_a_job(tmp_path / "outputs")
    fault = lost_database()
    assert fault is not None
    assert "1 job(s)" in fault and "restore" in fault


@pytest.mark.django_db
def test_what_a_crash_left_of_the_last_job_keeps_no_site_from_starting() -> None:
    job = make_job(status="completed")
    delete_job(job=job)
    job.directory.mkdir(parents=True, exist_ok=True)
    (job.directory / "manifest.json").write_text("{}")
    assert lost_database() is None
