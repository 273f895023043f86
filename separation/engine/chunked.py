"""A bag of networks over a whole song, streamed: what ``demucs.apply.apply_model`` computes.

Same windows, same padding, same weights and the same order of additions as demucs 4.1.0
(demucs/apply.py), but nothing is held for longer than a window. Where demucs runs model after
model and shift after shift over the whole song, all of them advance here side by side.

One thing differs: a window of nothing but digital silence is not given to the network, and what
only such windows cover is exactly silent in every stem, where demucs writes what its networks make
of a constant.
"""

import random
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

import numpy as np

from separation.audio.blocks import FloatArray
from separation.engine.interface import Engine
from separation.engine.overlap_add import OverlapAdd, WindowWeight, triangle
from separation.engine.statistics import MonoStatistics, Song
from separation.engine.views import MirroredSong
from separation.engine.views import NormalisedSong as NormalisedSong
from separation.errors import InvalidOptions
from separation.progress import Report, ignore_progress

MAX_SHIFT_S = 0.5
"""The largest random shift (demucs/apply.py)."""


@dataclass(frozen=True)
class Member:
    """One network of a bag and its weight for each stem."""

    engine: Engine
    weights: tuple[float, ...]


@dataclass(frozen=True)
class Plan:
    """How to go over the song; the words are those of ``SeparatorOptions``.

    ``weight``: how much each frame of a window counts. ``stride_frames``: from one window to the
    next, in the place of ``overlap``. ``mirror_frames``: windows see the song mirrored at its
    ends, and begin up to so many frames before it (:class:`~separation.engine.views.MirroredSong`);
    ``None``: zeros lie around it. A mirrored song is not shifted.
    """

    sample_rate_hz: int
    overlap: float = 0.25
    shifts: int = 0
    seed: int = 0
    weight: WindowWeight = triangle
    stride_frames: int | None = None
    mirror_frames: int | None = None

    def __post_init__(self) -> None:
        if self.shifts and self.mirror_frames is not None:
            raise ValueError("a mirrored song cannot be shifted")

    def view(self, song: Song, statistics: MonoStatistics) -> NormalisedSong:
        """The song as windows see it."""
        if self.mirror_frames is None:
            return NormalisedSong(song, statistics)
        return MirroredSong(song, statistics, self.mirror_frames)


@dataclass(frozen=True)
class _Window:
    """``offset`` and ``frames`` in frames of the pass; ``left``: context given before them."""

    offset: int
    frames: int
    left: int
    audible: bool


class _Pass:
    """One network over the song once, shifted to the right by ``-origin`` frames (origin <= 0).

    ``start``: the first frame of the song that is wanted. Windows that end before it are skipped;
    those that reach across it run, as their share in what follows is needed.
    """

    def __init__(
        self,
        engine: Engine,
        song: NormalisedSong,
        stems: Sequence[int],
        origin: int,
        plan: Plan,
        start: int,
    ) -> None:
        self._engine = engine
        self._song = song
        # A slice where it is all of them: a list of indices copies.
        every = list(stems) == list(range(len(engine.stems)))
        self._stems = slice(None) if every else list(stems)
        self._shape = (len(stems), song.channels, engine.segment_frames)
        self._origin = origin
        self._total = song.frames - origin
        self._segment = engine.segment_frames
        offsets = _offsets(engine, plan, self._total)
        first = start - origin
        self.windows = len(offsets)
        self.skipped = max((first - self._segment) // offsets.step + 1, 0)
        self._offsets = offsets[self.skipped :]
        begin = self.skipped * offsets.step
        self._add = OverlapAdd(
            len(stems),
            song.channels,
            self._segment,
            offsets.step,
            self._total,
            begin,
            plan.weight,
        )
        self._read: deque[_Window] = deque()
        self._results = self._separated()
        self._written = begin
        self._audible_until = 0
        self._ready: list[FloatArray] = []
        self._to_drop = first - begin
        self.available = 0

    def advance(self) -> None:
        """Take the next window to its end."""
        separated = next(self._results)
        window = self._read.popleft()
        if window.audible:
            self._audible_until = window.offset + window.frames
        self._keep(self._silenced(self._song.restore(self._add.add(separated))))

    def close(self) -> None:
        """Give up the windows that the engine has begun."""
        self._results.close()

    def _separated(self) -> Generator[FloatArray]:
        """One (stems, channels, frames) for each window in order, silent ones without a network.

        Beside what is returned, at most one batch and what the engine takes ahead is held.
        """
        silence = np.full(self._shape, self._song.silence)
        given = 0
        with ExitStack() as stack:
            results = self._engine.run_ahead(self._batches())
            stack.callback(getattr(results, "close", lambda: None))
            held: deque[FloatArray] = deque()
            while given < len(self._offsets):
                if (not self._read or self._read[0].audible) and not held:
                    held.extend(next(results, ()))
                window = self._read[0]
                if window.audible:
                    left = window.left
                    yield held.popleft()[self._stems, :, left : left + window.frames]
                else:
                    yield silence[..., : window.frames]
                given += 1

    def _batches(self) -> Iterator[FloatArray]:
        """Audible windows of equal length, stacked; notes every window that was read."""
        batch: list[FloatArray] = []
        for offset in self._offsets:
            frames = min(self._segment, self._total - offset)
            length = self._engine.input_frames(frames)
            left = self._song.context_before(length - frames)
            samples, audible = self._song.window(offset + self._origin - left, length)
            if audible and batch and batch[0].shape[-1] != length:
                yield np.stack(batch)
                batch = []
            self._read.append(_Window(offset, frames, left, audible))
            if audible:
                batch.append(samples)
            if len(batch) >= self._engine.batch_size:
                yield np.stack(batch)
                batch = []
        if batch:
            yield np.stack(batch)

    def _silenced(self, block: FloatArray) -> FloatArray:
        """Finished frames with zeros where only silent windows lie."""
        silent_from = max(self._audible_until - self._written, 0)
        block[..., silent_from:] = 0.0
        self._written += block.shape[-1]
        return block

    def take(self, count: int) -> FloatArray:
        """The next ``count`` frames, of those available, as (stems, channels, count)."""
        parts, missing = [], count
        while missing:
            head = self._ready.pop(0)
            if head.shape[-1] > missing:
                self._ready.insert(0, head[..., missing:])
                head = head[..., :missing]
            parts.append(head)
            missing -= head.shape[-1]
        self.available -= count
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)

    def _keep(self, block: FloatArray) -> None:
        drop = min(self._to_drop, block.shape[-1])
        self._to_drop -= drop
        if block.shape[-1] > drop:
            self._ready.append(block[..., drop:])
            self.available += block.shape[-1] - drop


class BagStream:
    """The song through a bag of networks.

    Networks whose weight is zero for every wanted stem are not run. ``stems`` are indices into
    the order of the networks' own stems. ``start``: the frame of the song to begin with; from there
    on every sample is what it is from the beginning.
    """

    def __init__(
        self,
        members: Sequence[Member],
        song: Song,
        statistics: MonoStatistics,
        stems: Sequence[int],
        plan: Plan,
        start: int = 0,
    ) -> None:
        self._song = plan.view(song, statistics)
        self._start = start
        self._totals = [sum(member.weights[k] for member in members) for k in stems]
        self._groups: list[tuple[list[_Pass], list[float]]] = []
        draw = random.Random(plan.seed)
        for member in members:
            # Drawn for networks that are left out too: the others keep their shifts.
            origins = _origins(draw, member.engine, plan, self._song)
            weights = [member.weights[k] for k in stems]
            if any(weights):
                passes = [
                    _Pass(member.engine, self._song, stems, origin, plan, start)
                    for origin in origins
                ]
                self._groups.append((passes, weights))

    def blocks(self, report: Report = ignore_progress) -> Iterator[FloatArray]:
        """Finished frames in order, each block (stems, channels, n), at the song's level.

        ``report`` is called after every window.
        """
        passes = [one for group, _ in self._groups for one in group]
        windows = sum(one.windows for one in passes)
        run, written = sum(one.skipped for one in passes), self._start
        with ExitStack() as stack:
            for one in passes:
                stack.enter_context(closing(one))
            if run:
                report(run / windows, "Separating")
            while written < self._song.frames:
                for one in passes:
                    while one.available == 0:
                        one.advance()
                        run += 1
                        report(run / windows, "Separating")
                count = min(one.available for one in passes)
                yield self._combine(count)
                written += count

    def _combine(self, count: int) -> FloatArray:
        total: FloatArray | None = None
        for passes, weights in self._groups:
            mean = passes[0].take(count)
            for one in passes[1:]:
                mean = mean + one.take(count)
            if len(passes) > 1:
                mean = mean / np.float32(len(passes))
            mean = _scaled(np.multiply, mean, weights)
            total = mean if total is None else total + mean
        assert total is not None
        return _scaled(np.divide, total, self._totals)


def _scaled(operation: np.ufunc, block: FloatArray, values: Sequence[float]) -> FloatArray:
    """``block`` times or by a value for each stem; as it is, where they are 1 as a rule."""
    if all(value == 1.0 for value in values):
        return block
    per_stem = np.asarray(values, dtype=np.float32)[:, np.newaxis, np.newaxis]
    scaled: FloatArray = operation(block, per_stem)
    return scaled


def _offsets(engine: Engine, plan: Plan, total: int) -> range:
    """Where the windows of a pass over ``total`` frames start."""
    stride = plan.stride_frames
    if stride is None:
        stride = int((1 - plan.overlap) * engine.segment_frames)
    if stride < 1:
        raise InvalidOptions(
            f"An overlap of {plan.overlap} leaves no step between windows: make it smaller."
        )
    return range(0, total, stride)


def _origins(draw: random.Random, engine: Engine, plan: Plan, song: NormalisedSong) -> list[int]:
    """Where each pass starts, in frames of the song: 0, or before it, by what the view of the song
    has there or by a shift of up to half a second.

    demucs pads the song by half a second on both sides and starts up to that much into it. The
    numbers are those of demucs after ``random.seed(seed)``, with what its networks draw for
    themselves in between.
    """
    longest = int(MAX_SHIFT_S * plan.sample_rate_hz)
    origins = []
    for _ in range(max(plan.shifts, 1)):
        origin = draw.randint(0, longest) - longest if plan.shifts else -song.margin
        if engine.draws_below is not None:
            for _window in _offsets(engine, plan, song.frames - origin):
                draw.randrange(engine.draws_below)
        origins.append(origin)
    return origins
