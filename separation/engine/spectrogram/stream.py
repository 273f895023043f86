"""Streams a song through a mask network.

Windows of ``FRAMES`` frames follow each other by a step; where they overlap, their masks are
cross-faded. Finished frames are masked, transformed back and yielded, so that only the windows in
work are held. Last, the masks are scaled to a sum of 1, in float32 whatever the precision of the
network, so that the stems sum to the song.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from separation.audio.blocks import FloatArray
from separation.engine.interface import Engine
from separation.engine.spectrogram.layout import BINS, FRAMES, HOP, LEAD
from separation.engine.spectrogram.transform import ComplexArray, Resynthesis, spectra_of
from separation.engine.statistics import StreamedSong
from separation.progress import Report, ignore_progress

_FLOOR = np.float32(1e-9)
"""Added to the mask of every stem, so that silence is divided evenly among the stems."""

_LARGEST_OVERLAP = 0.75


@dataclass(frozen=True)
class _Window:
    """A window that was read. ``spectra`` is ``None`` where it is digital silence."""

    spectra: ComplexArray | None


def step_frames(overlap: float) -> int:
    """Frames from one window to the next. ``overlap``: the share of a window, 0 to 1, that the next
    one covers too; it is limited to ``_LARGEST_OVERLAP``, above which no change is audible."""
    return max(round(FRAMES * (1 - overlap)), round(FRAMES * (1 - _LARGEST_OVERLAP)))


class MaskStream:
    """Separates a song by the masks of ``engine``.

    ``engine`` takes spectra (n, channels, ``FRAMES``, ``BINS``, 2 parts) and returns masks (n,
    stems, channels, ``FRAMES``, ``BINS``). ``stems``: indices into the engine's stems. ``start``:
    the frame of the song to begin with, which must be the end of a block that was yielded before;
    every sample from there on equals that of a run from frame 0.
    """

    def __init__(
        self,
        engine: Engine,
        song: StreamedSong,
        stems: Sequence[int],
        overlap: float,
        start: int = 0,
    ) -> None:
        self._engine = engine
        self._song = song
        self._stems = list(stems)
        self._step = step_frames(overlap)
        self._fade = _fade(self._step)
        hops = -(-song.frames // HOP) + LEAD
        self._windows = max(-(-(hops - FRAMES) // self._step), 0) + 1
        self._start = start
        # The steps up to ``start`` are finished; the next one needs all windows that reach into it.
        finished = (start // HOP + LEAD) // self._step if start else 0
        self._first = max(finished - -(-FRAMES // self._step), 0)
        self._shape = (len(engine.stems), song.channels, FRAMES, BINS)
        self._carried = np.zeros((*self._shape[:2], FRAMES - self._step, BINS), dtype=np.float32)
        self._read: deque[_Window] = deque()

    def blocks(self, report: Report = ignore_progress) -> Iterator[FloatArray]:
        """Yield blocks (stems, channels, frames) in order, from ``start`` to the song's end."""
        outputs = [Resynthesis(self._song.channels) for _ in self._stems]
        done = (self._first * self._step - LEAD) * HOP
        for place, (window, masks) in enumerate(self._masked(), start=self._first):
            is_last = place == self._windows - 1
            frames = FRAMES if is_last else self._step
            masks = self._cross_faded(masks)
            block = self._resynthesised(window, masks[:, :, :frames], outputs)
            first, done = done, done + frames * HOP
            block = block[..., max(self._start - first, 0) : self._song.frames - first]
            report(min(max(done, 0) / self._song.frames, 1.0), "Separating")
            if block.shape[-1]:
                yield block

    def _cross_faded(self, masks: FloatArray | None) -> FloatArray:
        """Add the masks of earlier windows to a window's masks, in place; the first step is then
        finished. ``masks`` is ``None`` for a silent window."""
        if masks is None:
            masks = np.full(self._shape, 1 / self._shape[0], dtype=np.float32)
        masks *= self._fade
        masks += _FLOOR
        masks[:, :, : self._carried.shape[2]] += self._carried
        self._carried = masks[:, :, self._step :].copy()
        return masks

    def _resynthesised(
        self, window: _Window, masks: FloatArray, outputs: Sequence[Resynthesis]
    ) -> FloatArray:
        """The samples of the first frames of a window, one frame for each frame of the masks."""
        frames = masks.shape[2]
        if window.spectra is None:
            return np.stack([output.add_silence(frames) for output in outputs])
        spectra = window.spectra[:, :frames] / masks.sum(axis=0)
        return np.stack(
            [
                output.add(spectra, masks[stem])
                for stem, output in zip(self._stems, outputs, strict=True)
            ]
        )

    def _masked(self) -> Iterator[tuple[_Window, FloatArray | None]]:
        """Yield every window with its masks; the network does not run on silent ones, so that
        their masks are ``None``."""
        with ExitStack() as stack:
            results = self._engine.run_ahead(self._batches())
            stack.callback(getattr(results, "close", lambda: None))
            held: deque[FloatArray] = deque()
            for _ in range(self._first, self._windows):
                if (not self._read or self._read[0].spectra is not None) and not held:
                    held.extend(next(results, ()))
                window = self._read.popleft()
                yield window, held.popleft() if window.spectra is not None else None

    def _batches(self) -> Iterator[FloatArray]:
        """Yield the spectra of audible windows, stacked; records every window read."""
        batch: list[FloatArray] = []
        for place in range(self._first, self._windows):
            start = (place * self._step - LEAD) * HOP
            samples = self._song.read(start, (FRAMES + LEAD - 1) * HOP)
            if not samples.any():
                self._read.append(_Window(None))
                continue
            spectra = spectra_of(samples)
            self._read.append(_Window(spectra))
            batch.append(spectra.view(np.float32).reshape(*spectra.shape, 2))
            if len(batch) >= self._engine.batch_size:
                yield _stacked(batch)
                batch = []
        if batch:
            yield _stacked(batch)


def _stacked(batch: list[FloatArray]) -> FloatArray:
    """Stack the windows; a single window, as on a CPU, is not copied."""
    return batch[0][np.newaxis] if len(batch) == 1 else np.stack(batch)


def _fade(step: int) -> FloatArray:
    """A window's weight for each frame, (``FRAMES``, 1): it rises and falls in the overlaps.

    The weights of overlapping windows need not sum to 1, because the masks are scaled to that
    last.
    """
    ramp = max(FRAMES - step, 1)
    rising = (np.arange(FRAMES) + 0.5) / ramp
    weight: FloatArray = np.minimum(np.minimum(rising, rising[::-1]), 1.0).astype(np.float32)
    return weight[:, np.newaxis]
