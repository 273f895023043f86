"""What has been asked of a service, on disk beside the stage's work.

An attempt that was killed leaves it there; the next one asks for the same remote jobs instead of
sending the song again. It holds no secret and not the song's name.
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


class Asked(BaseModel):
    """One remote job. ``request_id`` is ours and known before the service has seen it;
    ``job_id`` is the service's, None until it has answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request_id: str
    stems: tuple[str, ...]
    job_id: str | None = None


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str
    asked: tuple[Asked, ...]


class RemoteState:
    """The remote jobs of one question, in the order in which they were asked for."""

    def __init__(self, folder: Path, question: str) -> None:
        self._path = folder / f".remote-{question[:16]}.json"
        self._question = question
        self.asked: tuple[Asked, ...] = self._load()

    def begin(self, stems: tuple[str, ...]) -> Asked:
        asked = Asked(request_id=uuid.uuid4().hex, stems=stems)
        self._store((*self.asked, asked))
        return asked

    def accepted(self, asked: Asked, job_id: str) -> Asked:
        known = asked.model_copy(update={"job_id": job_id})
        self._store(tuple(known if one == asked else one for one in self.asked))
        return known

    def drop(self, asked: Asked) -> None:
        self._store(tuple(one for one in self.asked if one.request_id != asked.request_id))

    def forget(self) -> None:
        self.asked = ()
        self._path.unlink(missing_ok=True)

    def _load(self) -> tuple[Asked, ...]:
        try:
            stored = _Stored.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return ()
        return stored.asked if stored.question == self._question else ()

    def _store(self, asked: tuple[Asked, ...]) -> None:
        self.asked = asked
        stored = _Stored(question=self._question, asked=asked)
        write_durably(self._path, stored.model_dump_json().encode())


def question_of(
    song: FileDigest, settings: RemoteSettings, dialect: str, options: SeparatorOptions
) -> str:
    """Names what is asked and of whom: sha256 (hex)."""
    asked = asdict(options)
    decisive = ("model", "stems", "two_stems", "shifts", "overlap", "segment_s", "seed")
    values = {name: asked[name] for name in decisive}
    question = [song.sha256, settings.url, dialect, values]
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
