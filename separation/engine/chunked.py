"""Streams a whole song through a bag of networks, as ``demucs.apply.apply_model`` computes it.

Windows, padding, weights and the order of additions are those of demucs 4.1.0 (demucs/apply.py),
but nothing is held for longer than a window. demucs runs model after model and shift after shift
over the whole song; here all of them advance side by side.

One thing differs: the network does not run on a window of digital silence. Frames that only such
windows cover are exactly silent in every stem, where demucs writes its networks' response to a
constant.
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
from separation.engine.padded_song import MirroredSong
from separation.engine.padded_song import NormalisedSong as NormalisedSong
from separation.engine.statistics import MonoStatistics, StreamedSong
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
    """How windows lie over the song; names are those of ``SeparatorOptions``.

    ``weight``: the weight of each frame of a window. ``stride_frames``: distance from one window to
    the next; it replaces ``overlap``. ``mirror_frames``: windows see the song mirrored at its ends,
    and begin up to this many frames before it
    (:class:`~separation.engine.padded_song.MirroredSong`); ``None``: the song is
    padded with zeros. A mirrored song cannot be shifted.
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

    def view(self, song: StreamedSong, statistics: MonoStatistics) -> NormalisedSong:
        """The song as windows see it."""
        if self.mirror_frames is None:
            return NormalisedSong(song, statistics)
        return MirroredSong(song, statistics, self.mirror_frames)


@dataclass(frozen=True)
class _Window:
    """``offset`` and ``frames`` in frames of the pass; ``left``: frames of context before them."""

    offset: int
    frames: int
    left: int
    audible: bool


class _Pass:
    """One network over the song once, shifted to the right by ``-origin`` frames (origin <= 0).

    ``start``: the first frame of the song to return. Windows that end before it are skipped;
    windows that reach across it run, because they contribute to the frames after it.
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
        # A slice for all stems, because indexing with a list copies.
        is_every_stem = list(stems) == list(range(len(engine.stems)))
        self._stems = slice(None) if is_every_stem else list(stems)
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
        """Finish the next window."""
        separated = next(self._results)
        window = self._read.popleft()
        if window.audible:
            self._audible_until = window.offset + window.frames
        self._append_ready(self._silenced(self._song.restore(self._add.add(separated))))

    def close(self) -> None:
        """Cancel the windows that the engine has begun."""
        self._results.close()

    def _separated(self) -> Generator[FloatArray]:
        """Yield (stems, channels, frames) for each window in order; the network skips silent ones.

        Beside the yielded window, this holds at most one batch and the batches that the engine
        reads ahead.
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
        """Yield audible windows of equal length, stacked; records every window read."""
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
        """Set finished frames that only silent windows cover to zero."""
        silent_from = max(self._audible_until - self._written, 0)
        block[..., silent_from:] = 0.0
        self._written += block.shape[-1]
        return block

    def take(self, count: int) -> FloatArray:
        """Return the next ``count`` available frames as (stems, channels, count)."""
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

    def _append_ready(self, block: FloatArray) -> None:
        drop = min(self._to_drop, block.shape[-1])
        self._to_drop -= drop
        if block.shape[-1] > drop:
            self._ready.append(block[..., drop:])
            self.available += block.shape[-1] - drop


class BagStream:
    """Streams the song through a bag of networks.

    Networks whose weight is zero for every requested stem are not run. ``stems`` are indices into
    the networks' own order of stems. ``start``: the frame of the song to begin with; every sample
    from there on equals that of a run from frame 0.
    """

    def __init__(
        self,
        members: Sequence[Member],
        song: StreamedSong,
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
            # Networks that are left out draw too, so that the others keep their shifts.
            origins = _origins(draw, member.engine, plan, self._song)
            weights = [member.weights[k] for k in stems]
            if any(weights):
                passes = [
                    _Pass(member.engine, self._song, stems, origin, plan, start)
                    for origin in origins
                ]
                self._groups.append((passes, weights))

    def blocks(self, report: Report = ignore_progress) -> Iterator[FloatArray]:
        """Yield finished frames in order, each block (stems, channels, n), at the song's level.

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
    """Multiply or divide ``block`` by one value per stem; unchanged where all values are 1."""
    if all(value == 1.0 for value in values):
        return block
    per_stem = np.asarray(values, dtype=np.float32)[:, np.newaxis, np.newaxis]
    scaled: FloatArray = operation(block, per_stem)
    return scaled


def _offsets(engine: Engine, plan: Plan, total: int) -> range:
    """Start frames of the windows of a pass over ``total`` frames."""
    stride = plan.stride_frames
    if stride is None:
        stride = int((1 - plan.overlap) * engine.segment_frames)
    if stride < 1:
        raise InvalidOptions(
            f"An overlap of {plan.overlap} leaves no step between windows: make it smaller."
        )
    return range(0, total, stride)


def _origins(draw: random.Random, engine: Engine, plan: Plan, song: NormalisedSong) -> list[int]:
    """Start of each pass in frames of the song, at most 0: minus the margin of the song's view, or
    minus a shift of up to half a second.

    demucs pads the song by half a second on both sides and starts up to that much into it. The
    shifts are those that demucs draws after ``random.seed(seed)``; the numbers that its networks
    draw for themselves in between are drawn here too.
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
