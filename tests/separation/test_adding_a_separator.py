"""The example of docs/adding-a-separator.md, installed as the page says and run."""

import importlib
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from separation.audio.blocks import BLOCK_FRAMES, BlockReader, FloatWriter
from separation.base import SeparatorOptions
from separation.errors import Cancelled, InvalidOptions
from separation.registry import ENTRY_POINT_GROUP, SeparatorFactory
from separation.storage.checkpoints import Checkpoints, find_earlier
from tests.separation.fenced import blocks
from tests.separation.stages.stage_world import sound

PAGE = "adding-a-separator.md"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example as an installed package: its module, and the metadata that pip would write."""
    plain, resumable, _ = blocks(PAGE, "python")
    project = tomllib.loads(blocks(PAGE, "toml")[0])["project"]
    points = project["entry-points"][ENTRY_POINT_GROUP]
    module = points["mid_side"].partition(":")[0]
    site = tmp_path / "site"
    metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir(parents=True)
    (site / f"{module}.py").write_text(plain + resumable)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    rows = "".join(f"{name} = {value}\n" for name, value in points.items())
    (metadata / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{rows}")
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    yield
    sys.modules.pop(module, None)


def write_song(tmp_path: Path, frames: int = 70_000) -> tuple[Path, np.ndarray]:
    song = sound(5, frames)
    song[1] *= 0.5
    with FloatWriter(tmp_path / "song.wav") as writer:
        writer.write(song)
    return tmp_path / "song.wav", song


def read(path: Path) -> np.ndarray:
    with BlockReader(path) as reader:
        return reader.read(0, reader.frames)


def test_the_installed_plug_in_can_be_chosen_and_separates(installed: None, tmp_path: Path) -> None:
    path, song = write_song(tmp_path)
    assert "mid_side" in SeparatorFactory.names()
    separator = SeparatorFactory.create_separator("mid_side")
    assert separator.validate()
    stems = {name: read(file) for name, file in separator.separate(path, tmp_path).items()}
    assert list(stems) == separator.get_supported_tracks() == ["centre", "sides"]
    assert np.array_equal(stems["centre"][0], stems["centre"][1])
    # One rounding to float32 of values below 1.
    assert np.max(np.abs(stems["centre"] + stems["sides"] - song)) < 1e-7
    assert np.std(stems["sides"]) > 0.01
    assert len(separator.identity().weights_digest) == 64


def test_the_resumable_one_goes_on_where_it_was_stopped(installed: None, tmp_path: Path) -> None:
    path, _ = write_song(tmp_path, 200_000)
    separator = importlib.import_module("stemsite_mid_side").ResumableMidSide(SeparatorOptions())
    whole, first, second = (tmp_path / name for name in ("whole", "first", "second"))
    for folder in (whole, first, second):
        folder.mkdir()
    expected = separator.separate(path, whole)

    def stop(fraction: float, message: str = "") -> None:
        if fraction > 0.5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        separator.separate(
            path, first, report=stop, checkpoints=Checkpoints(first, key="k", every_s=1e-9)
        )
    goes_on = Checkpoints(second, key="k", every_s=60, earlier=find_earlier([first], "k"))
    shares: list[float] = []
    paths = separator.separate(
        path, second, report=lambda share, message="": shares.append(share), checkpoints=goes_on
    )
    assert goes_on.resumed_frames == 2 * BLOCK_FRAMES and len(shares) == 2
    assert {s: p.read_bytes() for s, p in paths.items()} == {
        s: p.read_bytes() for s, p in expected.items()
    }


def test_it_says_in_words_what_it_cannot_do(installed: None) -> None:
    assert "CPU only" in SeparatorFactory.validate("mid_side", device="cuda").reason
    with pytest.raises(InvalidOptions, match=r"vocals.*centre, sides"):
        SeparatorFactory.create_separator("mid_side", stems=["vocals"]).get_supported_tracks()


def test_it_can_be_cancelled(installed: None, tmp_path: Path) -> None:
    def cancel(fraction: float, message: str = "") -> None:
        raise Cancelled("Cancelled.")

    path, _ = write_song(tmp_path)
    with pytest.raises(Cancelled):
        SeparatorFactory.create_separator("mid_side").separate(path, tmp_path, report=cancel)


def test_the_lines_for_one_process_work(tmp_path: Path) -> None:
    code, _, lines = blocks(PAGE, "python")
    names: dict[str, Any] = {"SeparatorFactory": SeparatorFactory, "__name__": "example"}
    exec(compile(code, PAGE, "exec"), names)
    try:
        exec(compile(lines, PAGE, "exec"), names)
        path, _ = write_song(tmp_path)
        written = names["separator"].separate(path, tmp_path)
    finally:
        SeparatorFactory.unregister_separator("mid_side")
    assert list(written) == ["centre"]
