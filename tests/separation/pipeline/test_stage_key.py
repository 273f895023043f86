"""A stage's key changes with everything that decides its output, and with nothing else."""

from typing import Any

import pytest

from separation.pipeline.receipts import stage_key

QUESTION: dict[str, Any] = {
    "input_digest": "a" * 64,
    "stage": "separation",
    "version": 1,
    "params": {"shifts": 0, "overlap": 0.25},
    "key_material": {"weights_digest": "b" * 64},
    "previous": "c" * 64,
}


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("input_digest", "d" * 64),
        ("stage", "composite"),
        ("version", 2),
        ("params", {"shifts": 1, "overlap": 0.25}),
        ("key_material", {"weights_digest": "e" * 64}),
        ("previous", None),
    ],
)
def test_every_part_of_the_question_is_in_the_key(part: str, other: object) -> None:
    assert stage_key(**{**QUESTION, part: other}) != stage_key(**QUESTION)


def test_the_order_of_parameters_is_not() -> None:
    turned = {**QUESTION, "params": {"overlap": 0.25, "shifts": 0}}
    assert stage_key(**turned) == stage_key(**QUESTION)
