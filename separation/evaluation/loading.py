"""One song of a suite as canonical files, decoded as uploads are: sandboxed, with their limits."""

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
"""What a lossy codec may add behind the end: two frames of HE-AAC. So much of a stem that is
longer than its mixture is cut off."""


@dataclass(frozen=True)
class LoadedSong:
    """Canonical files (44.1 kHz, two channels, float32) of ``frames`` frames; a stem may be
    shorter and is silent behind its end. ``digest``: sha256 over the names of the stems and the
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
    """The sum of files of two channels, silent behind the end of each."""

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
    """Decode a song into ``folder``, which is there and empty.

    ``seconds``: only so much from the middle of the song. Raises what decoding does, with the
    file's name, and ``SuiteInvalid`` for a stem that is longer than the mixture.
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
        frames = _excerpt([mixture, *stems.values()], frames, round(seconds * SAMPLE_RATE_HZ))
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
    def told(fraction: float, message: str = "") -> None:
        report(fraction, f"reading {target.stem}")

    try:
        return decode_to_canonical(sound.path, target, limits, report=told, track=sound.track)
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


def _excerpt(paths: Iterable[Path], frames: int, wanted: int) -> int:
    """Keep the middle of every file, and return its frames."""
    wanted = max(min(frames, wanted), 1)
    for path in paths:
        whole = path.with_suffix(".whole")
        path.rename(whole)
        _write_sum([whole], path, (frames - wanted) // 2, wanted)
        whole.unlink()
    return wanted


def _digest(digests: Mapping[str, str]) -> str:
    lines = sorted(f"{name} {digest}\n" for name, digest in digests.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
