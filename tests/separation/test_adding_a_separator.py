"""The example of docs/adding-a-separator.md, installed as the page says and run."""

import importlib
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from separation.audio.blocks import BlockReader, FloatWriter
from separation.errors import Cancelled, InvalidOptions
from separation.registry import ENTRY_POINT_GROUP, SeparatorFactory
from tests.separation.fenced import blocks
from tests.separation.stages.stage_world import sound

PAGE = "adding-a-separator.md"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The example as an installed package: its module, and the metadata that pip would write."""
    code, _ = blocks(PAGE, "python")
    project = tomllib.loads(blocks(PAGE, "toml")[0])["project"]
    points = project["entry-points"][ENTRY_POINT_GROUP]
    module = points["mid_side"].partition(":")[0]
    site = tmp_path / "site"
    metadata = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    metadata.mkdir(parents=True)
    (site / f"{module}.py").write_text(code)
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


def test_the_installed_plug_in_can_be_chosen_and_separates(installed, tmp_path):
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


def test_it_says_in_words_what_it_cannot_do(installed):
    assert "CPU only" in SeparatorFactory.validate("mid_side", device="cuda").reason
    with pytest.raises(InvalidOptions, match=r"vocals.*centre, sides"):
        SeparatorFactory.create_separator("mid_side", stems=["vocals"]).get_supported_tracks()


def test_it_can_be_cancelled(installed, tmp_path):
    def cancel(fraction: float, message: str = "") -> None:
        raise Cancelled("Cancelled.")

    path, _ = write_song(tmp_path)
    with pytest.raises(Cancelled):
        SeparatorFactory.create_separator("mid_side").separate(path, tmp_path, report=cancel)


def test_the_lines_for_one_process_work(tmp_path):
    code, lines = blocks(PAGE, "python")
    names: dict[str, object] = {"SeparatorFactory": SeparatorFactory, "__name__": "example"}
    exec(compile(code, PAGE, "exec"), names)
    try:
        exec(compile(lines, PAGE, "exec"), names)
        path, _ = write_song(tmp_path)
        written = names["separator"].separate(path, tmp_path)
    finally:
        SeparatorFactory.unregister_separator("mid_side")
    assert list(written) == ["centre"]
