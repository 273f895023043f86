from pathlib import Path

import pytest

from stemsite.gpu_cards import cards


def test_cards_are_counted_by_their_device_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert cards(tmp_path) == ()
    for name in ("nvidia0", "nvidia3", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert cards(tmp_path) == ("0", "1")


@pytest.mark.parametrize(
    ("chosen", "found"), [("2,GPU-1a", ("2", "GPU-1a")), ("", ()), ("-1", ()), (" 1 ", ("1",))]
)
def test_the_cards_that_the_environment_names_are_the_cards(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str, found: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert cards(tmp_path) == found
