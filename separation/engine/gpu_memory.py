"""Stores the measured GPU memory of models, so that later jobs need no estimate.

The store is a small JSON file. Two runners may write it at once; the next job measures again what
one of them then loses.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError

from separation.storage.atomic_files import write_durably

FILE_NAME = ".gpu-memory.json"
_log = logging.getLogger("engine")


class _Row(BaseModel):
    """``peak_bytes``: peak GPU memory of the process during a batch of ``batch`` windows, weights
    included."""

    card: str
    weights_digest: str
    precision: str
    batch: int
    peak_bytes: int


class _Book(BaseModel):
    rows: tuple[_Row, ...] = ()


class GpuMemoryRecords:
    """The measurements of one model directory."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def needed(self, card: str, weights_digest: str, precision: str) -> int | None:
        """The smallest memory in bytes with which the model ran, or a figure above the memory with
        which it failed; ``None`` where it never ran on such a GPU."""
        peaks = [
            row.peak_bytes
            for row in self._rows()
            if (row.card, row.weights_digest, row.precision) == (card, weights_digest, precision)
        ]
        return min(peaks, default=None)

    def remember(
        self, card: str, weights_digest: str, precision: str, peaks: Mapping[int, int]
    ) -> None:
        """Store ``peaks``, in bytes, keyed by windows in a batch. A failed write is only logged."""
        new = [
            _Row(
                card=card,
                weights_digest=weights_digest,
                precision=precision,
                batch=batch,
                peak_bytes=peak,
            )
            for batch, peak in peaks.items()
        ]
        keys = {_key(row) for row in new}
        before = self._rows()
        rows = (*(row for row in before if _key(row) not in keys), *new)
        if set(map(repr, rows)) == set(map(repr, before)):
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, _Book(rows=rows).model_dump_json(indent=1).encode())
        except OSError as error:
            _log.warning("what the model needs on the card is not remembered: %s", error)

    def _rows(self) -> tuple[_Row, ...]:
        try:
            return _Book.model_validate_json(self._path.read_bytes()).rows
        except (OSError, ValidationError):
            return ()


def _key(row: _Row) -> tuple[str, str, str, int]:
    return row.card, row.weights_digest, row.precision, row.batch
