"""Keeps the weights of checkpoints, converted to safetensors once, in the model directory.

A record beside each file describes its checkpoint, which is not read again while its size and time
are the same. Imports no torch, so that the web side can show known digests.
"""

from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from separation.storage.atomic_files import FileDigest, write_durably

FOLDER = ".weights"
"""Folder in the model directory; hidden, so that it is not taken for a model."""


_SHOWN = 40
"""Characters kept of a checkpoint's name; file systems take 255 bytes, suffixes included."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: FileDigest
    source_mtime_ns: int
    weights: FileDigest


class KeptWeights:
    """The converted weights of one checkpoint, if they were stored."""

    def __init__(self, model_dir: Path, checkpoint: Path) -> None:
        place = sha256(str(checkpoint.absolute()).encode()).hexdigest()[:16]
        self.folder = model_dir / FOLDER
        self.path = self.folder / f"{checkpoint.stem[:_SHOWN]}-{place}.safetensors"
        self._checkpoint = checkpoint
        self._record_path = self.path.with_suffix(".json")

    def source(self) -> FileDigest | None:
        """The checkpoint's digest where it is known and the file has not changed since, else
        ``None``."""
        record = self._record()
        return record.source if record else None

    def weights(self) -> FileDigest | None:
        """The digest of :attr:`path` where it is undamaged and comes from this checkpoint, else
        ``None``."""
        record = self._record()
        return record.weights if record and record.weights.matches(self.path) else None

    def remember(self, source: FileDigest, weights: FileDigest) -> None:
        record = _Record(
            source=source, source_mtime_ns=self._checkpoint.stat().st_mtime_ns, weights=weights
        )
        write_durably(self._record_path, record.model_dump_json().encode())

    def _record(self) -> _Record | None:
        try:
            record = _Record.model_validate_json(self._record_path.read_bytes())
            now = self._checkpoint.stat()
        except (OSError, ValidationError):
            return None
        same = (record.source.size, record.source_mtime_ns) == (now.st_size, now.st_mtime_ns)
        return record if same else None
