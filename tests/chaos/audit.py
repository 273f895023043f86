"""What must be true of every job after whatever happened: run where Django's models are."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jobs.models import Job
from jobs.models.job import ENDED, JobStatus
from separation.pipeline.manifest import MANIFEST_NAME, load_manifest, verify_manifest
from separation.storage.checkpoints import RECORD_NAME
from tests.chaos.moves import all_moves


def find_faults() -> list[str]:
    """One sentence each; empty when nothing is lost, doubled, torn or left lying."""
    moves = defaultdict(list)
    for move in all_moves():
        moves[move["job"]].append(move)
    jobs = list(Job.objects.select_related("source").prefetch_related("artifacts", "stages"))
    faults = [f"job {job.pk}: {fault}" for job in jobs for fault in _faults(job, moves[job.pk.hex])]
    return faults + list(_differing(jobs))


def _faults(job: Job, moves: list[dict[str, Any]]) -> Iterator[str]:
    yield from _faults_of_history(job, moves)
    yield from _faults_of_files(job)
    if job.status == JobStatus.COMPLETED:
        yield from _faults_of_manifest(job)
    stages = Counter(stage.status for stage in job.stages.all())
    if stages["processing"] and job.status != JobStatus.PROCESSING:
        yield f"{job.status}, and a stage is still marked as running"


def _faults_of_history(job: Job, moves: list[dict[str, Any]]) -> Iterator[str]:
    ends = [move["after"] for move in moves if move["after"] in ENDED]
    if job.status in ENDED and len(ends) != 1:
        yield f"ended {len(ends)} times: {ends}"
    if job.status == JobStatus.PENDING and job.attempt >= job.max_attempts:
        yield f"waits with no attempt left ({job.attempt} of {job.max_attempts})"
    if job.status == JobStatus.PROCESSING:
        yield f"is stuck: processing since {job.started_at}, leased until {job.lease_until}"
    for move in moves:
        if move["before"] in ENDED:
            yield f"moved from {move['before']} to {move['after']}"
        if move["after"] == JobStatus.PROCESSING and move["before"] != JobStatus.PENDING:
            yield "was claimed while another held it"
    if job.attempt > job.max_attempts:
        yield f"was tried {job.attempt} times, and {job.max_attempts} are allowed"


def _faults_of_files(job: Job) -> Iterator[str]:
    expected = {artifact.path: artifact for artifact in job.artifacts.all()}
    if len(expected) != job.artifacts.count():
        yield "two artifacts share a file"
    if job.status != JobStatus.COMPLETED and expected:
        yield f"{job.status} with {len(expected)} artifacts"
    if job.status == JobStatus.COMPLETED and not expected:
        yield "completed without artifacts"
    beside = _sidecars(job)
    delivered: list[Any] = [*expected.values(), *beside.values()]
    for record in delivered:
        yield from _faults_of_delivered(job.directory / record.path, record)
    known = {*expected, *beside, MANIFEST_NAME}
    for path in _files(job.directory):
        name = path.relative_to(job.directory)
        if any(part.startswith(".tmp") or part.endswith(".tmp") for part in name.parts):
            if job.status == JobStatus.COMPLETED or not _is_checkpoint(job.directory, name):
                yield f"left {name}"
        elif job.status == JobStatus.COMPLETED and str(name) not in known:
            yield f"left {name}, which the manifest does not name"


def _sidecars(job: Job) -> dict[str, Any]:
    if job.status != JobStatus.COMPLETED:
        return {}
    manifest = load_manifest(job.directory / MANIFEST_NAME)
    return {record.path: record for record in manifest.sidecars}


def _faults_of_delivered(path: Path, record: Any) -> Iterator[str]:
    if not path.is_file():
        yield f"{record.path} is not there"
        return
    data = path.read_bytes()
    if (len(data), hashlib.sha256(data).hexdigest()) != (record.size_bytes, record.sha256):
        yield f"{record.path} is not the file that was recorded"


def _faults_of_manifest(job: Job) -> Iterator[str]:
    manifest = load_manifest(job.directory / MANIFEST_NAME)
    if manifest.status != "completed":
        yield f"completed, and the manifest on disk says {manifest.status}"
    told = {record.path: record.sha256 for record in manifest.artifacts}
    if told != {artifact.path: artifact.sha256 for artifact in job.artifacts.all()}:
        yield "manifest and rows name different artifacts"
    yield from (f"manifest: {problem}" for problem in verify_manifest(job.directory))


def _differing(jobs: list[Job]) -> Iterator[str]:
    """Jobs of one song and one separator must give the same bytes, killed on the way or not."""
    results: dict[Any, set[Any]] = defaultdict(set)
    for job in jobs:
        if job.status == JobStatus.COMPLETED:
            files = sorted((each.path, each.sha256) for each in job.artifacts.all())
            results[job.source_id, job.separator].add(tuple(files))
    for (_, separator), found in results.items():
        if len(found) > 1:
            yield f"{separator}: the same song came out in {len(found)} ways"


def _is_checkpoint(folder: Path, name: Path) -> bool:
    """From which a job that failed goes on when it is tried again."""
    return (folder.joinpath(*name.parts[:2]) / RECORD_NAME).is_file()


def _files(folder: Path) -> list[Path]:
    """Empty folders are found too: a temporary one may have been left empty."""
    if not folder.is_dir():
        return []
    return [p for p in folder.rglob("*") if p.is_file() or (p.is_dir() and p.name[0] == ".")]
