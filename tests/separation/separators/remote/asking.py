"""The separator ``remote`` as the tests use it: quick to try again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from separation.progress import Report, ignore_progress
from separation.registry import SeparatorFactory
from separation.separators.remote import RemoteSeparator
from separation.settings import RemoteSettings
from tests.separation.separators.remote.service import GAINS, TOKEN

QUICK = RemoteSettings(
    token=TOKEN, connect_s=5, read_s=1, first_pause_s=0.01, max_pause_s=0.05, retries=3
)


def a_remote(
    url: str, *, settings: dict[str, Any] | None = None, **options: Any
) -> RemoteSeparator:
    remote = replace(QUICK, url=url, **(settings or {}))
    separator = SeparatorFactory.create_separator("remote", remote=remote, **options)
    assert isinstance(separator, RemoteSeparator)
    return separator


def separated(
    separator: RemoteSeparator, song: Path, report: Report = ignore_progress
) -> dict[str, np.ndarray]:
    """The stems as arrays (frames, channels), from a folder beside the song."""
    out = song.parent / "out"
    out.mkdir(exist_ok=True)
    paths = separator.separate(song, out, report=report)
    return {stem: soundfile.read(path, dtype="float32")[0] for stem, path in paths.items()}


def expected(song: Path) -> dict[str, np.ndarray]:
    samples = soundfile.read(song, dtype="float32")[0]
    return {stem: (gain * samples).astype(np.float32) for stem, gain in GAINS.items()}


def assert_same(stems: dict[str, np.ndarray], song: Path) -> None:
    assert list(stems) == list(GAINS)
    for stem, samples in expected(song).items():
        np.testing.assert_array_equal(stems[stem], samples)
