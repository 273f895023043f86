"""The demucs separator on OpenVINO: converted once in a child, then without torch."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from separation.engine.host import host_report
from separation.errors import Cancelled, InvalidOptions, ModelUnavailable
from separation.registry import SeparatorFactory
from tests.separation.small_models import (
    noise,
    relative_error,
    save_bag,
    save_safetensors,
    save_song,
    save_th,
    small_hdemucs,
    small_htdemucs,
)

EXACT = 1e-4
"""What is allowed between engines; sums in another order give about 2e-6."""

FRAMES = 60_000
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_song(tmp_path_factory.mktemp("song") / "song.wav", noise(FRAMES))


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bag of two, each alone responsible for two stems, as in a fine-tuned model."""
    directory = tmp_path_factory.mktemp("repo")
    for seed, signature in enumerate(("aaaa1111", "bbbb2222")):
        save_safetensors(small_htdemucs(seed), directory, signature)
    weights = [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]
    save_bag(directory, "pair", ["aaaa1111", "bbbb2222"], weights=weights)
    return directory


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def make(repo: Path, cache: Path, **options: Any) -> Any:
    chosen = {"engine": "openvino", "device": "cpu", "model": "pair", **options}
    return SeparatorFactory.create_separator("demucs", repo=repo, cache_dir=cache, **chosen)


def stems_of(separator: Any, song: Path, out: Path) -> dict[str, np.ndarray]:
    out.mkdir(exist_ok=True)
    paths = separator.separate(song, out)
    return {stem: soundfile.read(path, dtype="float32")[0].T for stem, path in paths.items()}


def converted(cache: Path) -> dict[str, int]:
    """The converted networks and when they were made."""
    return {path.parent.name: path.stat().st_mtime_ns for path in cache.glob("*/*/network.xml")}


def test_networks_are_converted_when_a_stem_needs_them_and_once(
    repo: Path, cache: Path, song: Path, tmp_path: Path
) -> None:
    said: set[str] = set()
    first = make(repo, cache, stems=("bass",))
    first.load(report=lambda fraction, message="": said.add(message))
    assert "Preparing the model for this CPU (once)" in said
    assert list(converted(cache)) == ["network-0"]
    before = converted(cache)
    ours = stems_of(make(repo, cache), song, tmp_path / "ours")
    assert sorted(converted(cache)) == ["network-0", "network-1"]
    assert converted(cache)["network-0"] == before["network-0"]
    theirs = stems_of(make(repo, cache, engine="torch"), song, tmp_path / "theirs")
    assert list(ours) == list(theirs)
    for stem in theirs:
        assert relative_error(ours[stem], theirs[stem]) <= EXACT, stem
    # A shorter window needs no other conversion.
    before = converted(cache)
    ours = stems_of(make(repo, cache, segment_s=0.3), song, tmp_path / "ours")
    theirs = stems_of(make(repo, cache, engine="torch", segment_s=0.3), song, tmp_path / "theirs")
    assert relative_error(ours["drums"], theirs["drums"]) <= EXACT
    assert converted(cache) == before


def test_what_ran_is_told(repo: Path, cache: Path) -> None:
    exact = make(repo, cache, engine="auto").identity()
    assert (exact.engine, exact.precision, exact.device) == ("openvino", "float32", "cpu")
    assert (exact.model, exact.notes) == ("pair", ())
    fast = make(repo, cache, precision="auto").identity()
    assert fast.precision == ("bfloat16" if host_report().has_bfloat16 else "float32")
    torch = make(repo, cache, engine="torch").identity()
    assert (torch.engine, torch.weights_digest) == ("torch", exact.weights_digest)


def test_a_converted_model_runs_without_torch(
    repo: Path, cache: Path, song: Path, tmp_path: Path
) -> None:
    make(repo, cache, stems=("bass",)).load()
    (tmp_path / "out").mkdir()
    script = f"""
import sys
from pathlib import Path
from separation.registry import SeparatorFactory
separator = SeparatorFactory.create_separator(
    "demucs", repo=Path({str(repo)!r}), cache_dir=Path({str(cache)!r}), model="pair",
    engine="openvino", stems=("bass",),
)
separator.separate(Path({str(song)!r}), Path({str(tmp_path / "out")!r}))
assert separator.identity().engine == "openvino"
sys.exit("torch" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT)
    assert (tmp_path / "out" / "bass.wav").is_file()


def test_a_damaged_conversion_is_made_again(
    repo: Path, cache: Path, song: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make(repo, cache, stems=("bass",)).load()
    (file,) = cache.glob("*/network-0/network.bin")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with caplog.at_level(logging.WARNING, "engine"):
        make(repo, cache, stems=("bass",)).load()
    assert "damaged" in caplog.text
    assert file.read_bytes() == whole


def test_a_cancel_during_the_conversion_leaves_nothing_that_counts(
    repo: Path, tmp_path: Path
) -> None:
    calls = 0

    def cancel(fraction: float, message: str = "") -> None:
        nonlocal calls
        calls += "Preparing" in message
        # In the middle: the child has been at it for some tenths of a second.
        if calls == 4:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        make(repo, tmp_path / "fresh").load(report=cancel)
    assert converted(tmp_path / "fresh") == {}


def test_a_bag_that_cannot_be_converted_runs_on_torch_and_says_so(
    song: Path, cache: Path, tmp_path: Path
) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    save_th(small_hdemucs(), repo, "cccc3333")
    separator = make(repo, cache, model="cccc3333", engine="auto", precision="exact")
    ours = stems_of(separator, song, tmp_path / "ours")
    identity = separator.identity()
    assert identity.engine == "torch"
    assert len(identity.notes) == 1
    assert "HDemucs" in identity.notes[0]
    plain = make(repo, cache, model="cccc3333", engine="torch")
    theirs = stems_of(plain, song, tmp_path / "theirs")
    assert plain.identity().notes == ()
    np.testing.assert_array_equal(ours["vocals"], theirs["vocals"])


def test_a_cache_that_cannot_be_written_leaves_the_work_to_torch(
    repo: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    identity = make(repo, tmp_path / "file" / "cache").identity()
    assert identity.engine == "torch"
    assert "cannot be written" in identity.notes[0]


def test_a_segment_longer_than_the_model_allows_is_refused(repo: Path, cache: Path) -> None:
    make(repo, cache, stems=("bass",)).load()
    with pytest.raises(InvalidOptions, match=r"trained for: at most 0\.5 s"):
        make(repo, cache, stems=("bass",), segment_s=1.0).load()


def test_weights_that_cannot_be_loaded_are_named_as_torch_names_them(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "dddd4444.safetensors").write_bytes(b"not weights at all")
    with pytest.raises(ModelUnavailable, match="damaged"):
        make(repo, tmp_path / "cache", model="dddd4444").load()


def test_weights_with_a_wrong_digest_are_refused(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    path = save_th(small_htdemucs(), repo, "eeee5555")
    path.rename(path.with_name("eeee5555-00000000.th"))
    with pytest.raises(ModelUnavailable, match="checksum"):
        make(repo, tmp_path / "cache", model="eeee5555").load()


def test_a_stem_that_the_model_lacks_is_refused(repo: Path, cache: Path) -> None:
    with pytest.raises(InvalidOptions, match="no stem 'piano'"):
        make(repo, cache, stems=("piano",)).load()
