"""The commands of docs/operations.md, run as they stand there, bring back every job."""

import re
import shlex
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import httpx2
import pytest

from tests.jobs.backup.world import ROOT, Site, free_port

pytestmark = pytest.mark.slow

NAME = "stemsite-20261130T031500Z"


def documented() -> list[str]:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.split("## Backup and restore\n")[1].split("\n## ")[0]
    return [
        line
        for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
        for line in block.splitlines()
    ]


def test_the_documented_commands_restore_a_site_job_by_job(tmp_path: Path) -> None:
    site = Site(tmp_path / "old")
    site.lay_out()
    tokens = site.fill()
    backup, restore, serve = documented()
    _run(site, _local(backup, tmp_path))
    (made,) = (tmp_path / "backups").glob("stemsite-*")

    new = Site(tmp_path / "new")
    _break_off(new.data_dir, made)
    _run(site, _local(restore, tmp_path).replace(NAME, made.name))
    assert not (new.data_dir / ".restoring").exists()
    assert new.files() == {p: data for p, data in site.files().items() if "/work/" not in p}
    assert new.rows() == site.rows()
    assert new.rows()["jobs_job"]

    port = free_port()
    command = _local(serve, tmp_path) + f" --no-worker --port {port}"
    with subprocess.Popen(["sh", "-c", f"exec {command}"], cwd=ROOT, env=site.environment) as web:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address)
            for token in tokens.values():
                _compare(address, token, site)
        finally:
            web.terminate()


def _break_off(data_dir: Path, backup: Path) -> None:
    """As a restore leaves it that was killed: it is run again."""
    line = (backup / "files.tsv").read_text().splitlines()[0]
    torn = data_dir / line.partition("\t")[2]
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"torn")
    (data_dir / ".restoring").touch()


def _local(line: str, folder: Path) -> str:
    """``line`` with folders of this test and its Python, and nothing else changed. Variables are
    set by env, as the shell is told to become the command."""
    line = line.replace("/srv/backups", str(folder / "backups"))
    line = line.replace("/srv/stemsite", str(folder / "new"))
    line = re.sub(r"\bpython\b", shlex.quote(sys.executable), line, count=1)
    return f"env {line}"


def _run(site: Site, line: str) -> None:
    site.run("sh", "-c", line, check=True)


def _wait(address: str) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def _compare(address: str, token: str, site: Site) -> None:
    client = httpx2.Client(base_url=address, headers={"Authorization": f"Token {token}"})
    jobs = client.get("/api/v1/jobs").json()["results"]
    assert {job["status"] for job in jobs} == {"completed", "failed", "pending"}
    completed = next(job for job in jobs if job["status"] == "completed")
    for track in ("vocals", "drums"):
        answer = client.get(f"/api/v1/jobs/{completed['job_id']}/download/{track}")
        assert answer.status_code == 200
        place = f"outputs/{completed['job_id']}/spectral_output/{track}.wav"
        assert answer.content == site.files()[place]
