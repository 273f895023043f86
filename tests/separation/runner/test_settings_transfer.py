"""A runner gets its settings, and nobody else gets its secrets."""

import os
from dataclasses import replace

import pytest

from separation.runner.settings_transfer import received_settings, secret_environment, sent_settings
from separation.settings import CoreSettings, RemoteSettings

SECRET = "not-for-everybody"
SETTINGS = CoreSettings(
    remote=RemoteSettings(url="http://gpu.example.org", token=SECRET), routes=("remote",)
)


def test_the_runner_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in secret_environment(SETTINGS).items():
        monkeypatch.setenv(name, value)
    assert received_settings(sent_settings(SETTINGS)) == SETTINGS


def test_the_command_line_and_any_print_hold_no_secret() -> None:
    assert SECRET not in sent_settings(SETTINGS)
    assert SECRET not in repr(SETTINGS)


def test_processes_that_the_runner_starts_do_not_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    (name,) = secret_environment(SETTINGS)
    monkeypatch.setenv(name, SECRET)
    received_settings(sent_settings(SETTINGS))
    assert name not in os.environ


def test_without_a_secret_nothing_is_missing() -> None:
    plain = replace(SETTINGS, remote=RemoteSettings())
    assert received_settings(sent_settings(plain)) == plain
