"""What an operator sets reaches the core."""

import dataclasses

import pytest
from pytest_django.fixtures import Settings

from jobs.core import core_settings, intake_limits
from separation.settings import IntakeLimits

OF_THE_CORE_ALONE = {"probe_s"}
NAMES = {"max_bytes": "MAX_UPLOAD_BYTES"}


@pytest.mark.parametrize(
    "field", [f.name for f in dataclasses.fields(IntakeLimits) if f.name not in OF_THE_CORE_ALONE]
)
def test_every_limit_of_intake_is_a_setting(settings: Settings, field: str) -> None:
    setattr(settings, NAMES.get(field, field.upper()), 7)
    assert getattr(intake_limits(), field) == 7
    assert getattr(core_settings().limits, field) == 7


def test_how_often_a_separation_is_made_safe_is_a_setting(settings: Settings) -> None:
    settings.CHECKPOINT_S = 7.5
    assert core_settings().checkpoint_s == 7.5
