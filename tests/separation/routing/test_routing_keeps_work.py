"""What one attempt finished counts in the next, whatever route that one would take."""

from pathlib import Path
from typing import Any

import pytest

from separation.routing.route_record import recorded_material
from separation.settings import RouteName

REQUEST = {"separator": "demucs", "model": None}
ON_CARD = {"model": "htdemucs", "precision": "float16", "weights_digest": "ab"}
ON_CPU = {"model": "htdemucs", "precision": "float32", "weights_digest": "ab"}
ELSEWHERE = {"model": "default", "precision": "remote", "weights_digest": ""}
OTHER_WEIGHTS = {**ON_CPU, "weights_digest": "cd"}


def settled(
    folder: Path, route: RouteName, material: dict[str, Any], request: dict[str, Any] = REQUEST
) -> dict[str, Any]:
    return recorded_material(
        folder / "settled.json", route=route, request=request, material=material
    )


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (("local_cpu", ON_CPU), ("remote", ELSEWHERE)),
        (("remote", ELSEWHERE), ("local_cpu", ON_CPU)),
        (("local_gpu", ON_CARD), ("local_cpu", ON_CPU)),
    ],
)
def test_another_route_does_not_make_finished_work_be_done_again(
    tmp_path: Path, first: Any, then: Any
) -> None:
    assert settled(tmp_path, *first) == first[1]
    assert settled(tmp_path, *then) == first[1]
    assert settled(tmp_path, *then) == first[1]


def test_other_weights_do(tmp_path: Path) -> None:
    settled(tmp_path, "local_gpu", ON_CARD)
    assert settled(tmp_path, "local_cpu", OTHER_WEIGHTS) == OTHER_WEIGHTS


def test_other_weights_on_the_same_route_do(tmp_path: Path) -> None:
    settled(tmp_path, "local_cpu", ON_CPU)
    assert settled(tmp_path, "local_cpu", OTHER_WEIGHTS) == OTHER_WEIGHTS


def test_another_question_does(tmp_path: Path) -> None:
    settled(tmp_path, "remote", ELSEWHERE)
    other = {**REQUEST, "model": "htdemucs_ft"}
    assert settled(tmp_path, "local_cpu", ON_CPU, other) == ON_CPU


def test_a_damaged_note_is_as_good_as_none(tmp_path: Path) -> None:
    settled(tmp_path, "remote", ELSEWHERE)
    (tmp_path / "settled.json").write_text("{")
    assert settled(tmp_path, "local_cpu", ON_CPU) == ON_CPU
