"""Renders a task to a verified file, in memory that does not grow with the length of the song."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from separation.audio.blocks import BlockReader, FloatWriter
from separation.audio.decoding.open_reader import open_reader
from separation.audio.decoding.sniff import sniff
from separation.audio.encoding.encode import open_encoder
from separation.audio.encoding.verify import verify_file
from separation.audio.metadata.tags import read_tags, write_tags
from separation.audio.metering.loudness import LevelMeter, Levels
from separation.base import CHANNELS
from separation.formats import extension_for, resolve_format
from separation.mixdown.mixer import mixed
from separation.mixdown.request import MixTask
from separation.mixdown.stretch import stretched
from separation.stages.export import SILENT_BELOW_DBFS, common_gain


def render(task: MixTask) -> Path:
    """Write the mix into ``task.folder`` and return its path.

    The mix is computed once, in float, as its peak is known only at its end. If the peak exceeds
    the range of the format, one gain lowers the whole mix.

    Raises ``OutputInvalid``, ``DiskFull``, and the errors of reading a damaged file.
    """
    output_format = resolve_format(task.format, task.container, task.codec)
    target = task.folder / f"mix{extension_for(output_format)}"
    draft = task.folder / "draft.wav"
    levels = _write_draft(task, draft)
    gain = np.float32(common_gain([levels], output_format))
    with (
        BlockReader(draft) as reader,
        open_encoder(
            target,
            output_format,
            sample_rate_hz=task.sample_rate_hz,
            expected_frames=task.delivered_frames,
            mp3_bitrate_kbps=task.mp3_bitrate_kbps,
        ) as encoder,
    ):
        for block in reader.blocks():
            encoder.write(block * gain)
    draft.unlink()
    _tag(task, target)
    peak_dbfs = levels.peak_dbfs
    verify_file(
        target,
        frames=task.delivered_frames,
        channels=CHANNELS,
        sample_rate_hz=task.sample_rate_hz,
        may_be_silent=peak_dbfs is None or peak_dbfs < SILENT_BELOW_DBFS,
    )
    return target


def _write_draft(task: MixTask, draft: Path) -> Levels:
    meter = LevelMeter(task.sample_rate_hz, loudness=False)
    with FloatWriter(draft, sample_rate_hz=task.sample_rate_hz) as writer:
        for block in stretched(mixed(task), task.speed, task.delivered_frames):
            meter.write(block)
            writer.write(block)
    return meter.levels()


def _tag(task: MixTask, target: Path) -> None:
    """Write tags and cover of the stems, with a title that names the mix."""
    path = task.files[0].path
    with ExitStack() as stack:
        sniffed = sniff(path)
        codec = stack.enter_context(open_reader(path, sniffed)).codec
        tags, cover = read_tags(path, sniffed.container, codec)
    own = f" ({path.stem.replace('_', ' ')})"
    title = tags.get("title", "")
    title = title.removesuffix(own) if title.endswith(own) else task.title
    write_tags(target, {**tags, "title": f"{title} ({task.kind})"}, cover)
