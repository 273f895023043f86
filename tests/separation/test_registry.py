"""Separators by name: lazy, open to plug-ins, plain about what is wrong."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from separation.base import SeparatorIdentity, SeparatorModel, SeparatorOptions, Validation
from separation.errors import InvalidOptions, ModelUnavailable
from separation.progress import Report, ignore_progress
from separation.registry import BUILT_IN, SeparatorFactory
from separation.separator_options import parse_options

ROOT = Path(__file__).parents[2]

IMPORTS = """
import sys
from separation.catalogue import models_for
from separation.registry import SeparatorFactory
light = [name for name in ("torch", "demucs", "torchaudio", "django") if name in sys.modules]
assert not light, light
assert "separation.separators.demucs.separator" not in sys.modules
for name in ("demucs", "torchaudio_hdemucs", "spleeter", "standard", "auto"):
    for offline in (True, False):
        separator = SeparatorFactory.create_separator(
            name, model_dir="/nonexistent", offline=offline
        )
        separator.validate(), separator.get_supported_tracks()
# Nor does auto, where it can only fall back.
from pathlib import Path
from separation.separators.bandsplit import weights
weights.EMBEDDED = Path("/nonexistent")
assert SeparatorFactory.create_separator("auto", model_dir="/nonexistent", offline=True).identity()
heavy = [name for name in ("torch", "demucs", "torchaudio", "django") if name in sys.modules]
assert not heavy, heavy
"""

PLUG_IN = """
from separation.base import SeparatorIdentity, SeparatorModel, Validation

class Mute(SeparatorModel):
    name = "mute"

    def separate(self, input_path, output_dir, *, report=None):
        return {}

    def validate(self):
        return Validation(True, "always")

    def get_supported_tracks(self):
        return ["silence"]

    def identity(self):
        return SeparatorIdentity("mute", "none", "1", "0")
"""


class Whole(SeparatorModel):
    """Gives the song back as its only stem."""

    name = "whole"

    def separate(
        self, input_path: Path, output_dir: Path, *, report: Report = ignore_progress
    ) -> dict[str, Path]:
        return {"song": input_path}

    def validate(self) -> Validation:
        return Validation(True)

    def get_supported_tracks(self) -> list[str]:
        return ["song"]

    def identity(self) -> SeparatorIdentity:
        return SeparatorIdentity("whole", "none", "1", "0")


def a_plug_in(directory: Path, entries: str) -> None:
    """An installed distribution with entry points, as pip leaves it."""
    info = directory / "stemsite_mute-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stemsite-mute\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[stemsite.separators]\n{entries}\n")
    (directory / "stemsite_mute.py").write_text(PLUG_IN)
    (directory / "stemsite_broken.py").write_text("import a_package_that_is_not_there\n")


def test_reading_the_registry_imports_nothing_heavy(tmp_path: Path) -> None:
    # A home without caches of weights.
    away = {**os.environ, "HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hub")}
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=away,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", list(BUILT_IN))
def test_every_built_in_separator_can_be_built(name: str) -> None:
    # Several separators together have to be told which.
    members = {"model": "htdemucs_spectral"} if name == "ensemble" else {}
    separator = SeparatorFactory.create_separator(name, **members)
    assert separator.name == name
    assert isinstance(separator.validate(), Validation)


def test_a_registered_class_is_built_with_its_options() -> None:
    SeparatorFactory.register_separator("whole", Whole)
    try:
        separator = SeparatorFactory.create_separator("whole", seed=3)
        assert isinstance(separator, Whole)
        assert separator.options == SeparatorOptions(seed=3)
        assert "whole" in SeparatorFactory.names()
    finally:
        SeparatorFactory.unregister_separator("whole")
    assert "whole" not in SeparatorFactory.names()


def test_a_built_in_comes_back_when_its_replacement_goes() -> None:
    SeparatorFactory.register_separator("auto", Whole)
    assert SeparatorFactory.separator_class("auto") is Whole
    SeparatorFactory.unregister_separator("auto")
    assert SeparatorFactory.separator_class("auto") is not Whole


def test_a_name_that_cannot_be_a_folder_is_refused() -> None:
    with pytest.raises(InvalidOptions, match="folder"):
        SeparatorFactory.register_separator("../up", Whole)


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(InvalidOptions, match=r"'nobody'.*auto, spectral, demucs"):
        SeparatorFactory.create_separator("nobody")
    assert "spectral" in SeparatorFactory.validate("nobody").reason


def test_a_plug_in_is_found_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_plug_in(tmp_path, "mute = stemsite_mute:Mute")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "mute" in SeparatorFactory.names()
    assert "stemsite_mute" not in sys.modules
    assert SeparatorFactory.create_separator("mute").get_supported_tracks() == ["silence"]
    monkeypatch.delitem(sys.modules, "stemsite_mute")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("stemsite_broken:Anything", "a_package_that_is_not_there"),
        ("stemsite_mute:Missing", "Missing"),
        ("stemsite_mute:SeparatorIdentity", "not a SeparatorModel"),
    ],
)
def test_a_broken_plug_in_is_reported_and_breaks_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, words: str
) -> None:
    a_plug_in(tmp_path, f"broken = {entry}\nmute = stemsite_mute:Mute")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert {"auto", "broken", "mute"} <= set(SeparatorFactory.names())
    with pytest.raises(ModelUnavailable, match=words):
        SeparatorFactory.create_separator("broken")
    assert words in SeparatorFactory.validate("broken").reason
    assert SeparatorFactory.validate("mute")
    monkeypatch.delitem(sys.modules, "stemsite_mute", raising=False)


def test_a_plug_in_cannot_take_a_built_in_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_plug_in(tmp_path, "demucs = stemsite_mute:Mute")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert SeparatorFactory.create_separator("demucs").name == "demucs"
    assert SeparatorFactory.names().count("demucs") == 1


def test_options_come_as_text_too_and_are_hashable() -> None:
    options = parse_options(overlap="0.5", stems=["vocals"], repo="weights", seed="7")
    assert options == SeparatorOptions(overlap=0.5, stems=("vocals",), repo=Path("weights"), seed=7)
    assert {options: 1}[parse_options(overlap=0.5, stems=["vocals"], repo="weights", seed=7)] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"colour": "blue"}, "'colour'.*overlap"),
        ({"device": "tpu"}, "device cannot be 'tpu'"),
        ({"shifts": "many"}, "shifts cannot be 'many'"),
        ({"shifts": -1}, "0 to 20, not -1"),
        ({"overlap": 1.0}, "0 to 0.95, not 1"),
        ({"overlap": float("nan")}, "overlap"),
        ({"segment_s": 0}, "0.1 to 600, not 0"),
        ({"segment_s": float("inf")}, "not inf"),
        ({"stems": ["vocals"], "two_stems": "vocals"}, "not both"),
        ({"stems": []}, "at least one stem"),
    ],
)
def test_a_wrong_option_is_refused_with_what_was_received(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidOptions, match=words):
        SeparatorFactory.create_separator("demucs", **options)
