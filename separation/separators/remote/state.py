"""Stores the jobs that were requested from a service on disk, beside the stage's work.

An attempt that was killed leaves this file, and the next one continues the same remote jobs instead
of sending the song again. The file holds no secret and not the song's name.
"""

import hashlib
import json
import uuid
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from separation.base import SeparatorOptions
from separation.settings import RemoteSettings
from separation.storage.atomic_files import FileDigest, write_durably


class JobRecord(BaseModel):
    """One remote job. ``request_id``: our id, which exists before the request is sent. ``job_id``:
    the service's id, ``None`` until it has answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request_id: str
    stems: tuple[str, ...]
    job_id: str | None = None


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str
    asked: tuple[JobRecord, ...]


class RemoteState:
    """The remote jobs of one request, in the order in which they were requested."""

    def __init__(self, folder: Path, key: str) -> None:
        """``key``: the :func:`request_digest`."""
        self._path = folder / f".remote-{key[:16]}.json"
        self._key = key
        self.records: tuple[JobRecord, ...] = self._load()

    def begin(self, stems: tuple[str, ...]) -> JobRecord:
        record = JobRecord(request_id=uuid.uuid4().hex, stems=stems)
        self._store((*self.records, record))
        return record

    def accepted(self, record: JobRecord, job_id: str) -> JobRecord:
        updated = record.model_copy(update={"job_id": job_id})
        self._store(tuple(updated if one == record else one for one in self.records))
        return updated

    def drop(self, record: JobRecord) -> None:
        self._store(tuple(one for one in self.records if one.request_id != record.request_id))

    def forget(self) -> None:
        self.records = ()
        self._path.unlink(missing_ok=True)

    def _load(self) -> tuple[JobRecord, ...]:
        try:
            stored = _Stored.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return ()
        return stored.asked if stored.question == self._key else ()

    def _store(self, records: tuple[JobRecord, ...]) -> None:
        self.records = records
        stored = _Stored(question=self._key, asked=records)
        write_durably(self._path, stored.model_dump_json().encode())


def request_digest(
    song: FileDigest, settings: RemoteSettings, dialect: str, options: SeparatorOptions
) -> str:
    """sha256 (hex) over the song, the service and the options that change the stems."""
    every_option = asdict(options)
    decisive = ("model", "stems", "two_stems", "shifts", "overlap", "segment_s", "seed")
    values = {name: every_option[name] for name in decisive}
    content = [song.sha256, settings.url, dialect, values]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
