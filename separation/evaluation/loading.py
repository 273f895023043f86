"""Decodes one song of a suite to canonical files, like an upload: sandboxed and with its limits."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatWriter
from separation.audio.decoding.decode import DecodedSong, decode_to_canonical
from separation.audio.names import one_line
from separation.base import CHANNELS, SAMPLE_RATE_HZ
from separation.errors import SeparationError, SuiteInvalid, error_from_code
from separation.evaluation.suite import MIXTURE, Sound, SuiteSong
from separation.progress import Report, ignore_progress, part_of
from separation.settings import IntakeLimits
from separation.system.closeable import Closing

_PADDING_FRAMES = 4096
"""What a lossy codec may add at the end: two frames of HE-AAC. A stem may be this much longer than
its mixture; the surplus is ignored."""


@dataclass(frozen=True)
class LoadedSong:
    """Canonical files (44.1 kHz, two channels, float32) of ``frames`` frames; a stem may be
    shorter and is silent after its end. ``digest``: sha256 over the names of the stems and the
    sha256 of each source file. ``notes``: what the decoder found."""

    name: str
    mixture: Path
    stems: Mapping[str, Path]
    frames: int
    digest: str
    notes: tuple[str, ...] = ()

    @property
    def duration_s(self) -> float:
        return self.frames / SAMPLE_RATE_HZ


class SumReader(Closing):
    """The sum of files of two channels; each is silent after its end."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._stack = ExitStack()
        with ExitStack() as opening:
            self._readers = [opening.enter_context(BlockReader(path)) for path in paths]
            self._stack = opening.pop_all()
        self.frames = max(reader.frames for reader in self._readers)

    def read(self, start: int, count: int) -> NDArray[np.float64]:
        """Frames ``start`` to ``start + count`` as float64 (channels, count); zeros outside."""
        total = np.zeros((CHANNELS, count))
        for reader in self._readers:
            total += reader.read(start, count)
        return total

    def close(self) -> None:
        self._stack.close()


def load_song(
    song: SuiteSong,
    folder: Path,
    limits: IntakeLimits,
    *,
    seconds: float | None = None,
    report: Report = ignore_progress,
) -> LoadedSong:
    """Decode a song into ``folder``, which exists and is empty.

    ``seconds``: how much of the middle of the song; None for the whole. Raises what decoding
    raises, with the file's name, and ``SuiteInvalid`` for a stem that is longer than the mixture.
    """
    sounds = dict(song.stems)
    if song.mixture is not None:
        sounds[MIXTURE] = song.mixture
    decoded: dict[str, DecodedSong] = {}
    for place, (name, sound) in enumerate(sounds.items()):
        share = part_of(report, place / len(sounds), (place + 1) / len(sounds))
        decoded[name] = _decode(sound, folder / f"{name}.wav", limits, share)
    stems = {name: folder / f"{name}.wav" for name in song.stems}
    mixture = folder / f"{MIXTURE}.wav"
    if song.mixture is None:
        _write_sum(stems.values(), mixture, 0, max(d.frames for d in decoded.values()))
    with BlockReader(mixture) as whole:
        frames = whole.frames
    _check_lengths(song, {name: decoded[name].frames for name in stems}, frames)
    if seconds is not None:
        frames = _keep_middle([mixture, *stems.values()], frames, round(seconds * SAMPLE_RATE_HZ))
    return LoadedSong(
        name=song.name,
        mixture=mixture,
        stems=stems,
        frames=frames,
        digest=_digest({name: facts.input_digest for name, facts in decoded.items()}),
        notes=tuple(
            f"{name}: {warning}" for name, facts in decoded.items() for warning in facts.warnings
        ),
    )


def _decode(sound: Sound, target: Path, limits: IntakeLimits, report: Report) -> DecodedSong:
    def report_reading(fraction: float, message: str = "") -> None:
        report(fraction, f"reading {target.stem}")

    try:
        return decode_to_canonical(
            sound.path, target, limits, report=report_reading, track=sound.track
        )
    except SeparationError as error:
        name = one_line(sound.path.name)
        raise error_from_code(error.code, f"{name}: {error.detail}") from error


def _write_sum(paths: Iterable[Path], target: Path, start: int, frames: int) -> None:
    with SumReader(paths) as total, FloatWriter(target) as writer:
        for first in range(start, start + frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, start + frames - first)
            writer.write(total.read(first, count).astype(np.float32))


def _check_lengths(song: SuiteSong, stems: Mapping[str, int], frames: int) -> None:
    for name, length in stems.items():
        if length > frames + _PADDING_FRAMES:
            raise SuiteInvalid(
                f"The stem {name!r} of {song.name!r} is {(length - frames) / SAMPLE_RATE_HZ:.2f} s "
                "longer than the mixture. Stems and mixture must begin and end together: export "
                "them again, or leave the mixture out, which then is the sum of the stems."
            )


def _keep_middle(paths: Iterable[Path], frames: int, most: int) -> int:
    """Cut every file of ``frames`` to its middle, of at most ``most`` frames; returns the number
    of frames."""
    kept = max(min(frames, most), 1)
    for path in paths:
        whole = path.with_suffix(".whole")
        path.rename(whole)
        _write_sum([whole], path, (frames - kept) // 2, kept)
        whole.unlink()
    return kept


def _digest(digests: Mapping[str, str]) -> str:
    lines = sorted(f"{name} {digest}\n" for name, digest in digests.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
