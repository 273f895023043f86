"""A GPU that fails in the middle: the song is done again on the CPU, and the person is told."""

from pathlib import Path
from typing import Any

import pytest
import torch

from separation.engine import torch_engine
from separation.engine.devices import Device
from separation.engine.health import DeviceFailed
from separation.engine.host import host_report
from separation.engine.torch_engine import TorchEngine
from separation.errors import OutOfMemory
from separation.registry import SeparatorFactory
from separation.separators.neural import separator as neural
from tests.separation.small_models import noise, save_song, save_th, small_htdemucs


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    directory = tmp_path / "repo"
    directory.mkdir()
    save_th(small_htdemucs(), directory, "aaaa1111")
    return directory


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a GPU that does not answer")
def test_a_gpu_that_stops_answering_is_replaced_by_the_cpu(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The card answered when it was picked; torch then fails for real on the first window.
    chosen: list[str] = []

    def picked(choice: str) -> Device:
        chosen.append(choice)
        return Device("cpu", "CPU") if choice == "cpu" else Device("cuda", "Card 9000")

    monkeypatch.setattr(neural, "pick_device", picked)
    song = save_song(tmp_path / "song.wav", noise(30_000))
    results = {}
    for device in ("cpu", "auto"):
        out = tmp_path / device
        out.mkdir()
        separator = SeparatorFactory.create_separator("demucs", repo=repo, device=device)
        paths = separator.separate(song, out)
        results[device] = [path.read_bytes() for path in paths.values()]
    assert results["auto"] == results["cpu"]
    identity = separator.identity()
    assert identity.device == "cpu"
    assert "Card 9000 failed" in identity.notes[0]
    # The next song tries the card again, and the note is told anew.
    chosen.clear()
    separator.separate(song, tmp_path / "auto")
    assert chosen == ["auto", "cpu"]
    separator.close()
    assert separator.identity().notes == ()


def test_running_out_of_memory_on_the_cpu_is_not_tried_again(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from demucs.htdemucs import HTDemucs

    calls = 0

    def too_much(self: HTDemucs, mix: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(HTDemucs, "forward", too_much)
    song = save_song(tmp_path / "song.wav", noise(30_000))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(OutOfMemory, match="This machine has too little free memory"):
        SeparatorFactory.create_separator("demucs", repo=repo, device="cpu").separate(song, out)
    assert calls == 1
    assert list(out.iterdir()) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a GPU that does not answer")
def test_a_gpu_that_fails_is_the_callers_to_replace_where_it_has_other_ways(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neural, "pick_device", lambda choice: Device("cuda", "Card 9000"))
    song = save_song(tmp_path / "song.wav", noise(30_000))
    separator = SeparatorFactory.create_separator(
        "demucs", repo=repo, device="cuda", cpu_fallback=False
    )
    with pytest.raises((OutOfMemory, DeviceFailed)):
        separator.separate(song, tmp_path)
    assert list(tmp_path.glob("*.wav")) == [song]


def test_the_operators_limit_of_windows_reaches_the_gpu(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neural, "pick_device", lambda choice: Device("cuda", "Card 9000"))
    monkeypatch.setattr(neural, "describe_host", lambda device: host_report())
    limits: list[int | None] = []

    class Engine(TorchEngine):
        def __init__(self, *args: Any, batch_limit: int | None = None, **more: Any) -> None:
            limits.append(batch_limit)
            super().__init__(*args, batch_limit=batch_limit, **more)

    monkeypatch.setattr(torch_engine, "TorchEngine", Engine)
    SeparatorFactory.create_separator("demucs", repo=repo, device="cuda", gpu_batch=3).load()
    assert limits == [3]
