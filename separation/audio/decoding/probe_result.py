"""The result of intake for one file of any kind: accepted, or refused with a named error."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from separation.audio.decoding.decode import SourceFacts, probe
from separation.audio.decoding.decoder_pool import DecoderPool
from separation.audio.decoding.sniff import sniff
from separation.errors import Internal, SeparationError
from separation.settings import IntakeLimits

ACCEPTED = "accepted"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProbeResult:
    """``verdict``: ``accepted`` or the code of an error; ``sentence``: the same for people.

    A fact that could not be found is ``None``. ``duration_s`` was counted while decoding if
    ``measured`` is true; else it is the header's claim, as decoding the whole file takes too long.
    ``seconds``: time that the probe took. ``peak_memory_mb``: peak memory of the decoding process
    (10^6 bytes), 0 where none was started.
    """

    file: str
    verdict: str
    sentence: str
    container: str | None
    codec: str | None
    duration_s: float | None
    measured: bool
    sample_rate_hz: int | None
    channels: int | None
    seconds: float
    peak_memory_mb: float


def examine(
    path: Path,
    limits: IntakeLimits,
    *,
    work_dir: Path | None = None,
    decoder_pool: DecoderPool | None = None,
) -> ProbeResult:
    """Put one file through intake (:func:`separation.audio.decoding.decode.probe`) and keep
    nothing.

    Raises nothing for any file: an unexpected error is logged, and the verdict is ``internal``.
    """
    began = time.monotonic()
    facts: SourceFacts | None = None
    error: SeparationError | None = None
    peak_bytes = 0

    def keep_peak(held_bytes: int) -> None:
        nonlocal peak_bytes
        peak_bytes = max(peak_bytes, held_bytes)

    try:
        facts = probe(path, limits, work_dir=work_dir, on_peak=keep_peak, decoder_pool=decoder_pool)
    except SeparationError as refusal:
        error = refusal
    except Exception:
        _log.exception("looking at %r failed", str(path))
        error = Internal("Looking at the file failed; the reason is in the log.")
    return ProbeResult(
        file=str(path),
        verdict=error.code if error else ACCEPTED,
        sentence=error.detail if error else " ".join(_sentences(facts)),
        container=facts.container if facts else _container(path, error),
        codec=facts.codec if facts else None,
        duration_s=facts.duration_s if facts else None,
        measured=facts.measured if facts else False,
        sample_rate_hz=facts.source_rate_hz if facts else None,
        channels=facts.source_channels if facts else None,
        seconds=round(time.monotonic() - began, 3),
        peak_memory_mb=round(peak_bytes / 1e6, 1),
    )


def _sentences(facts: SourceFacts | None) -> tuple[str, ...]:
    if facts is None or facts.measured:
        accepted = "The file is accepted."
    else:
        accepted = "The file is accepted; only its beginning was decoded, as it is long."
    return (accepted, *(facts.warnings if facts else ()))


def _container(path: Path, error: SeparationError | None) -> str | None:
    """Return the container that the first bytes of a refused file claim."""
    if error is None or error.code == "file_unavailable":
        return None
    try:
        return sniff(path).container
    except (SeparationError, OSError):
        return None
