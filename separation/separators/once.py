"""Runs one of the separations of a stage, and does not repeat it once it is finished."""

from pathlib import Path

import soundfile

from separation.audio.blocks import FRAME_BYTES, StemWriters
from separation.base import SeparatorModel, separate_with
from separation.progress import Report
from separation.storage.checkpoints import FINISHED, Checkpoints


def separate_once(
    separator: SeparatorModel,
    input_path: Path,
    folder: Path,
    report: Report,
    checkpoints: Checkpoints | None,
) -> dict[str, Path]:
    """Separate into ``folder``, or reuse the stems that an earlier attempt finished.

    ``checkpoints``: those of this part of the stage (:meth:`Checkpoints.part`), which keep all
    stems as soon as they are finished. Raises what the separator and ``report`` raise.
    """
    folder.mkdir(exist_ok=True)
    frames = _frames(input_path)
    if checkpoints is not None:
        finished = _reused_stems(separator.get_supported_tracks(), folder, frames, checkpoints)
        if finished is not None:
            report(1.0)
            return finished
    paths = separate_with(separator, input_path, folder, report, checkpoints)
    whole = all(
        path == folder / f"{stem}.wav" and _frames(path) == frames for stem, path in paths.items()
    )
    if checkpoints is not None and whole:
        checkpoints.save(frames, paths, FRAME_BYTES, FINISHED)
        checkpoints.stop_if_asked()
    return paths


def _reused_stems(
    stems: list[str], folder: Path, frames: int, checkpoints: Checkpoints
) -> dict[str, Path] | None:
    if not checkpoints.has_finished(stems):
        return None
    with StemWriters(folder, stems, checkpoints, made_by=lambda: FINISHED) as writers:
        return writers.paths if writers.frames == frames else None


def _frames(path: Path) -> int:
    """Length of an audio file; -1 where it cannot be read. The reader of a stem reports the
    error."""
    try:
        return int(soundfile.info(path).frames)
    except soundfile.LibsndfileError:
        return -1
