"""docs/quality.md says what the report holds and finds."""

import re
from pathlib import Path
from typing import get_args

from separation.quality.report import Code, QualityReport, SignalQuality, StemQuality

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "quality.md").read_text(encoding="utf-8")
IN_WORDS = {"name", "version", "complete", "song", "stems", "findings", "verdict", "reason"}


def described(heading: str) -> set[str]:
    part = TEXT[TEXT.index(f"## {heading}") :].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_every_field_is_described() -> None:
    models = (SignalQuality, StemQuality, QualityReport)
    fields = {name for model in models for name in model.model_fields}
    assert described("What is measured") == fields - IN_WORDS


def test_every_finding_is_described() -> None:
    assert described("What is found") | {"residual"} == set(get_args(Code))
