"""Compares one separated song with its true stems, block by block.

Three estimates are compared with each true stem: the separator's, the mixture itself ("doing
nothing") and the estimate of the ideal ratio mask.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from separation.evaluation.bss_eval import WINDOW, Correlations, FrameSdr, Projections, medians
from separation.evaluation.figures import EvaluationMetric, Figures, difference
from separation.evaluation.ideal_mask import frames_needed, grid_before, ideal_estimates
from separation.evaluation.loading import LoadedSong, SumReader
from separation.evaluation.targets import Target
from separation.evaluation.whole_song import MDX_DELTA, WholeSong
from separation.progress import Report, ignore_progress, part_of
from separation.system.closeable import Closing

Floats = NDArray[np.float64]

ESTIMATES = ("separated", "nothing", "ideal")
_BLOCK = 4 * WINDOW
"""A whole number of frames of BSS Eval."""

_DECIMALS = 7


@dataclass(frozen=True)
class StemResult:
    """Figures of one stem of one song, for each estimate that is compared with the true stem. All
    figures are None where the true stem is silent."""

    stem: str
    is_silent: bool
    separated: Figures = field(default_factory=dict)
    nothing: Figures = field(default_factory=dict)
    ideal: Figures = field(default_factory=dict)

    def gain(self, key: str) -> float | None:
        """How much better the separator is than doing nothing, in dB."""
        return difference(self.separated.get(key), self.nothing.get(key))


def measure(
    song: LoadedSong,
    separated: Mapping[str, Path],
    targets: Sequence[Target],
    figures: Sequence[EvaluationMetric],
    *,
    report: Report = ignore_progress,
) -> tuple[StemResult, ...]:
    """Figures of every target, in order.

    ``separated``: a file of the song's length for each stem of the separator. Memory does not
    grow with the song: about 200 MB, and 500 MB with the filters of BSS Eval for four stems.
    """
    keys = tuple(figure.key for figure in figures)
    heard = _heard_targets(song, targets)
    found: dict[str, StemResult] = {}
    if heard:
        with _Comparison(song, separated, heard) as comparison:
            found = comparison.results(keys, report)
    silent: Figures = dict.fromkeys(keys)
    return tuple(
        found.get(target.name) or StemResult(target.name, True, silent, silent, silent)
        for target in targets
    )


def _heard_targets(song: LoadedSong, targets: Sequence[Target]) -> list[Target]:
    """The targets whose true stem has more energy than the delta of the MDX challenge."""
    heard = []
    for target in targets:
        with SumReader(song.stems[stem] for stem in target.truth) as reader:
            energy = 0.0
            for start in range(0, song.frames, _BLOCK):
                energy += float(np.sum(reader.read(start, min(_BLOCK, song.frames - start)) ** 2))
                if energy > MDX_DELTA:
                    heard.append(target)
                    break
    return heard


@dataclass(frozen=True)
class _Block:
    """``truth`` and each estimate: (stems, channels, n)."""

    truth: Floats
    estimates: Mapping[str, Floats]


class _Comparison(Closing):
    def __init__(
        self, song: LoadedSong, separated: Mapping[str, Path], targets: Sequence[Target]
    ) -> None:
        self._targets = targets
        self._frames = song.frames
        self._stack = ExitStack()
        with ExitStack() as opening:
            self._mixture = opening.enter_context(SumReader([song.mixture]))
            self._truths = [
                opening.enter_context(SumReader(song.stems[stem] for stem in target.truth))
                for target in targets
            ]
            self._separated = [
                opening.enter_context(SumReader(separated[stem] for stem in target.estimate))
                for target in targets
            ]
            self._stack = opening.pop_all()

    def close(self) -> None:
        self._stack.close()

    def results(self, keys: Sequence[str], report: Report) -> dict[str, StemResult]:
        needs_filters = "bss_sir" in keys
        correlations = Correlations(len(self._targets), self._signals) if needs_filters else None
        report_sums = part_of(report, 0.0, 0.3) if needs_filters else report
        values = self._sums(correlations, report_sums)
        if correlations is not None:
            filtered = self._filtered(correlations, part_of(report, 0.3, 1.0))
            for name in ESTIMATES:
                values[name] |= filtered[name]
        return {
            target.name: StemResult(
                target.name,
                False,
                **{
                    name: {key: _rounded(values[name][key][place]) for key in keys}
                    for name in ESTIMATES
                },
            )
            for place, target in enumerate(self._targets)
        }

    def _sums(
        self, correlations: Correlations | None, report: Report
    ) -> dict[str, dict[str, Floats]]:
        count = len(self._targets)
        wholes = {name: WholeSong(count) for name in ESTIMATES}
        framed = {name: FrameSdr(count, self._frames) for name in ESTIMATES}
        for block in self._blocks(report):
            for name, estimate in block.estimates.items():
                wholes[name].add(block.truth, estimate)
                framed[name].add(block.truth, estimate)
            if correlations is not None:
                correlations.add(block.truth, self._distinct(block))
        return {
            name: {
                "sdr": wholes[name].sdr(),
                "si_sdr": wholes[name].si_sdr(),
                "bss_sdr": framed[name].medians(),
            }
            for name in ESTIMATES
        }

    @property
    def _signals(self) -> int:
        """The number of different signals: the mixture is the same signal for all stems."""
        return 2 * len(self._targets) + 1

    def _distinct(self, block: _Block) -> Floats:
        """(signals, channels, n): separated, the mixture, ideal."""
        separated, nothing, ideal = (block.estimates[name] for name in ESTIMATES)
        return np.concatenate([separated, nothing[:1], ideal])

    def _filtered(self, correlations: Correlations, report: Report) -> dict[str, dict[str, Floats]]:
        count = len(self._targets)
        stems = list(range(count))
        correlations.finish()
        report(0.0)
        projections = Projections(correlations.by_lag(), [*stems, None, *stems])
        places = {
            "separated": stems,
            "nothing": [count] * count,
            "ideal": [count + 1 + stem for stem in stems],
        }
        by_frame: dict[str, list[Floats]] = {name: [] for name in ESTIMATES}
        for truth, estimates in self._windows(report):
            for name in ESTIMATES:
                figures = projections.figures(truth, estimates[name], places[name])
                by_frame[name].append(np.stack(figures))
        rows = {name: np.stack(frames, axis=-1) for name, frames in by_frame.items()}
        return {
            name: {
                key: medians(values)
                for key, values in zip(("bss_isr", "bss_sir", "bss_sar"), rows[name], strict=True)
            }
            for name in ESTIMATES
        }

    def _windows(self, report: Report) -> Iterator[tuple[Floats, Mapping[str, Floats]]]:
        """Yields one frame of BSS Eval after the other."""
        window = min(WINDOW, self._frames)
        for block in self._blocks(report):
            for start in range(0, block.truth.shape[2] - window + 1, window):
                part = slice(start, start + window)
                yield (
                    block.truth[:, :, part],
                    {name: estimate[:, :, part] for name, estimate in block.estimates.items()},
                )

    def _blocks(self, report: Report) -> Iterator[_Block]:
        for start in range(0, self._frames, _BLOCK):
            count = min(_BLOCK, self._frames - start)
            yield self._block(start, count)
            report((start + count) / self._frames)

    def _block(self, start: int, count: int) -> _Block:
        before, needed = grid_before(start), frames_needed(start, count)
        mixture = self._mixture.read(before, needed)
        truth = np.stack([reader.read(before, needed) for reader in self._truths])
        here = slice(start - before, start - before + count)
        nothing = np.broadcast_to(mixture[:, here], (len(truth), *mixture[:, here].shape))
        return _Block(
            truth=truth[:, :, here],
            estimates={
                "separated": np.stack([r.read(start, count) for r in self._separated]),
                "nothing": nothing,
                "ideal": ideal_estimates(mixture, truth, start, count),
            },
        )


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), _DECIMALS)
