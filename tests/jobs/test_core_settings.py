"""What an operator sets reaches the core."""

import dataclasses

import pytest
from pytest_django.fixtures import Settings

from jobs.core_settings import core_settings, intake_limits
from separation.settings import IntakeLimits, RemoteSettings

NAMES = {"max_bytes": "MAX_UPLOAD_BYTES"}


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(IntakeLimits)])
def test_every_limit_of_intake_is_a_setting(settings: Settings, field: str) -> None:
    setattr(settings, NAMES.get(field, field.upper()), 7)
    assert getattr(intake_limits(), field) == 7
    assert getattr(core_settings().limits, field) == 7


def test_how_long_fetching_a_package_may_take_is_a_setting(settings: Settings) -> None:
    settings.FETCH_LIMIT_S = 7.5
    assert core_settings().fetch_limit_s == 7.5


def test_how_often_a_separation_is_made_safe_is_a_setting(settings: Settings) -> None:
    settings.CHECKPOINT_S = 7.5
    assert core_settings().checkpoint_s == 7.5


@pytest.mark.parametrize(
    "field", [f.name for f in dataclasses.fields(RemoteSettings) if f.name != "first_pause_s"]
)
def test_every_choice_about_the_remote_service_is_a_setting(settings: Settings, field: str) -> None:
    setattr(settings, f"REMOTE_{NAMES.get(field, field.upper())}", 7)
    assert getattr(core_settings().remote, field) == 7


def test_routes_and_the_batch_of_a_card_are_settings(settings: Settings) -> None:
    settings.ROUTES, settings.GPU_BATCH = ["local_cpu", "remote"], 3
    assert core_settings().routes == ("local_cpu", "remote")
    assert core_settings().gpu_batch == 3


def test_the_rule_on_licences_is_a_setting(settings: Settings) -> None:
    settings.MODEL_LICENCES = ["granted", "htdemucs"]
    assert core_settings().licences == ("granted", "htdemucs")
