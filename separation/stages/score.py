"""Compares the stems with the true ones; only for the demonstration song.

Reads: the song and the stems of ``separation``. Writes nothing. Tracks: none.
Details: ``sdr_db`` and ``mixture_sdr_db`` by stem: the signal-to-distortion ratio over the whole
song and both channels, 10 log10(energy of the true stem / energy of the error), as the MDX
challenge of 2021 counts it (Mitsufuji et al., "Music Demixing Challenge 2021", 2022). The second
takes the mixture itself as the stem, which is the ratio of doing nothing. For any other song there
are no figures, and a warning says so.
Parameters: ``song``, the name of the song whose stems are known: ``demo``.
Errors: what reading raises; ``cancelled``.

Version 1: first.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatArray
from separation.audio.metering.sdr import sdr_of_blocks
from separation.audio.tracks import Track, TrackReader
from separation.demo import VERSION
from separation.demo import song as demo
from separation.stages.base import PipelineStage, StageContext, StageParams, StageResult

SAME_SONG_DB = 60.0
"""The least ratio between the song and the sum of the true stems: 24-bit FLAC keeps more than
120 dB, MP3 less than 40 dB."""


class ScoreParams(StageParams):
    """See the module's docstring."""

    song: Literal["demo"] = "demo"


class ScoreStage(PipelineStage[ScoreParams]):
    name = "score"
    processor_type = "analysis"
    version = 1
    params_type = ScoreParams
    needs = ("separation",)

    def key_material(self, context: StageContext) -> dict[str, Any]:
        return {"demo": VERSION}

    def execute(self, context: StageContext) -> StageResult:
        truth = demo.stems()
        path = context.work_dir / context.require_song().path
        with BlockReader(path) as mixture:
            if not _is_the_song(mixture, truth):
                return StageResult(
                    warnings=("The true stems of this song are not known: it has no score.",)
                )
            found = {name: context.tracks[name] for name in truth if name in context.tracks}
            context.report(0.1)
            before = {name: _sdr_db(truth[name], mixture) for name in found}
        after: dict[str, float] = {}
        for count, (name, track) in enumerate(found.items(), 1):
            after[name] = _score(truth[name], track, context)
            context.report(0.1 + 0.9 * count / len(found))
        return StageResult(details={"sdr_db": after, "mixture_sdr_db": before})


def _is_the_song(mixture: BlockReader, truth: Mapping[str, FloatArray]) -> bool:
    whole = np.sum(list(truth.values()), axis=0)
    return mixture.frames == demo.FRAMES and _sdr_db(whole, mixture) > SAME_SONG_DB


def _score(truth: FloatArray, track: Track, context: StageContext) -> float:
    with TrackReader(track, context.work_dir) as reader:
        return _sdr_db(truth, reader)


def _sdr_db(truth: FloatArray, estimate: BlockReader | TrackReader) -> float:
    """In dB, rounded to hundredths."""
    starts = range(0, truth.shape[1], BLOCK_FRAMES)
    trues = ((start, truth[:, start : start + BLOCK_FRAMES]) for start in starts)
    return sdr_of_blocks((true, estimate.read(start, true.shape[1])) for start, true in trues)
