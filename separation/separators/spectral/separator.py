"""Streams a song through the spectral masks."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from separation.audio.blocks import BlockReader, FloatArray, StemWriters
from separation.base import (
    CHANNELS,
    SAMPLE_RATE_HZ,
    ResumableSeparator,
    SeparatorIdentity,
    SeparatorOptions,
    Validation,
)
from separation.errors import InvalidOptions
from separation.progress import Report, ignore_progress, part_of
from separation.separators.neural.stems import choose_stems
from separation.separators.spectral.cues import all_cues, channel_power
from separation.separators.spectral.masks import (
    BALANCE,
    BALANCE_STEPS,
    COEFFICIENTS,
    LEAST_SHARE,
    REST_SHARE,
    mask_model,
)
from separation.separators.spectral.transform import BINS, HOP, WINDOW, resynthesis, spectrogram
from separation.storage.checkpoints import Checkpoints

STEMS = ("drums", "bass", "other", "vocals")
REST = "other"
VERSION = "1"

CORE_FRAMES = 860 * HOP
"""20 s for each block: long enough for a bar to be repeated, as the repetition cue needs."""

CONTEXT_FRAMES = 130 * HOP
"""3 s on either side: longer than the context of any cue but repetition."""

FADE_FRAMES = 2 * HOP
"""A cross-fade of 46 ms between blocks, because the repetition cue differs between them."""

SHORTEST_FRAMES = 2 * SAMPLE_RATE_HZ
"""A shorter window has too few frames half a second apart for the repetition cue."""

STEPS_PER_BLOCK = 8


@dataclass(frozen=True)
class _Block:
    """``start``, ``stop``: frames of the song that this block writes, without the cross-fade."""

    start: int
    stop: int
    song_frames: int

    @property
    def context_start(self) -> int:
        return max(0, self.start - CONTEXT_FRAMES)

    @property
    def window_frames(self) -> int:
        stop = min(self.song_frames, self.stop + CONTEXT_FRAMES)
        return max(stop - self.context_start, SHORTEST_FRAMES)


class _Steps:
    """Counts the steps of one block's work and reports the progress."""

    def __init__(self, report: Report) -> None:
        self._report, self._done = report, 0

    def __call__(self) -> None:
        self._done += 1
        self._report(self._done / STEPS_PER_BLOCK)


class SpectralSeparator(ResumableSeparator):
    """Separates four stems by soft masks over a short-time spectrum, with nothing to download.

    A dozen cues are computed for every bin of the spectrum: harmonic against percussive by median
    filters at three resolutions (drums, voice), attack and decay of the low bands (kick against
    bass), similarity of the channels (centre), repetition (accompaniment).
    :mod:`separation.separators.spectral.cues` names the paper of each cue. Logistic regression
    turns the cues into masks that sum to 1, balanced by the share of each stem in the song.
    ``other`` is the song minus the other stems, so that the stems sum to the song up to float32
    rounding.
    """

    name = "spectral"

    def __init__(self, options: SeparatorOptions) -> None:
        super().__init__(options)
        if options.stems is not None and options.two_stems is not None:
            raise InvalidOptions("Ask for some of the stems or for two stems, not for both.")
        self._choice = choose_stems(STEMS, options)

    def separate(
        self,
        input_path: Path,
        output_dir: Path,
        *,
        report: Report = ignore_progress,
        checkpoints: Checkpoints | None = None,
    ) -> dict[str, Path]:
        report(0.0, "Separating by spectral masks")
        with (
            BlockReader(input_path) as song,
            StemWriters(output_dir, list(self._choice.outputs), checkpoints) as writers,
        ):
            self._check(song)
            tail = _tail_before(song, writers.frames, report)
            for start in range(writers.frames, song.frames, CORE_FRAMES):
                block = _block_from(song, start)
                steps = _Steps(part_of(report, start / song.frames, block.stop / song.frames))
                core, next_tail = _separate_block(song, block, steps)
                stems = _faded(tail, core)
                writers.write(self._choice.arrange(stems[list(self._choice.computed)]))
                tail = next_tail
            report(1.0)
            return writers.paths

    def validate(self) -> Validation:
        return Validation(True)

    def get_supported_tracks(self) -> list[str]:
        return list(self._choice.outputs)

    def identity(self) -> SeparatorIdentity:
        constants = (
            *(VERSION, WINDOW, HOP, CORE_FRAMES, CONTEXT_FRAMES, FADE_FRAMES),
            *(BALANCE, BALANCE_STEPS, LEAST_SHARE, REST_SHARE),
        )
        digest = hashlib.sha256(repr(constants).encode() + COEFFICIENTS.read_bytes())
        return SeparatorIdentity(
            separator=self.name,
            model=self.name,
            version=VERSION,
            weights_digest=digest.hexdigest(),
        )

    def _check(self, song: BlockReader) -> None:
        if (song.channels, song.sample_rate_hz) != (CHANNELS, SAMPLE_RATE_HZ):
            raise InvalidOptions(
                f"The spectral separator takes {CHANNELS} channels at {SAMPLE_RATE_HZ} Hz, not "
                f"{song.channels} at {song.sample_rate_hz} Hz. Prepare the song first."
            )


def _block_from(song: BlockReader, start: int) -> _Block:
    return _Block(start, min(start + CORE_FRAMES, song.frames), song.frames)


def _tail_before(song: BlockReader, start: int, report: Report) -> FloatArray:
    """The part of the block before ``start`` that fades into the next block. It is computed again
    where an earlier attempt wrote that block; an attempt always ends at the end of a block."""
    if start in (0, song.frames):
        return np.zeros((len(STEMS), CHANNELS, 0), dtype=np.float32)
    done = start / song.frames
    steps = _Steps(part_of(report, done, done))
    return _separate_block(song, _block_from(song, start - CORE_FRAMES), steps)[1]


def _separate_block(
    song: BlockReader, block: _Block, step: _Steps
) -> tuple[FloatArray, FloatArray]:
    """The stems (stems, channels, frames) of the block, and of its fade into the next one."""
    samples = song.read(block.context_start, block.window_frames)
    spectra = spectrogram(samples)
    model = mask_model()
    power = channel_power(spectra)[:, :BINS]
    masks = model.masks(all_cues(samples, spectra, step), power)
    step()
    first = block.start - block.context_start
    last = min(block.stop + FADE_FRAMES, song.frames) - block.context_start
    stems = np.empty((len(STEMS), CHANNELS, last - first), dtype=np.float32)
    rest = stems[STEMS.index(REST)]
    rest[:] = samples[:, first:last]
    for stem, mask in zip(model.stems, masks, strict=True):
        masked = np.zeros_like(spectra)
        np.multiply(spectra[:, :, :BINS], mask, out=masked[:, :, :BINS])
        stems[STEMS.index(stem)] = resynthesis(masked)[:, first:last]
        rest -= stems[STEMS.index(stem)]
        step()
    length = block.stop - block.start
    return stems[:, :, :length], stems[:, :, length:].copy()


def _faded(tail: FloatArray, core: FloatArray) -> FloatArray:
    """``core`` with its beginning cross-faded from the previous block; the stems still sum to the
    song."""
    length = min(tail.shape[2], core.shape[2])
    rising = np.linspace(0, 1, tail.shape[2] + 2, dtype=np.float32)[1:-1][:length]
    core[:, :, :length] += (1 - rising) * (tail[:, :, :length] - core[:, :, :length])
    return core
