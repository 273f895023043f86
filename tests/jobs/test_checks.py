import re
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings


def ids() -> set[str]:
    return {message.id for message in run_checks() if (message.id or "").startswith("stemsite.")}


def test_the_settings_as_delivered_pass(settings: Settings) -> None:
    assert ids() == set()


@pytest.mark.parametrize(
    "cluster",
    [{"retry": 60, "timeout": 60}, {"retry": 60, "timeout": 61}, {"retry": 60, "timeout": None}],
)
def test_a_ticket_that_returns_before_its_timeout_is_refused(
    settings: Settings, cluster: dict[str, int | None]
) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **cluster}
    assert ids() == {"stemsite.E001"}


def test_a_guard_cycle_that_misses_zero_is_refused(settings: Settings) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "guard_cycle": 0.3}
    assert ids() == {"stemsite.E002"}


@pytest.mark.parametrize("backend", ["locmem.LocMemCache", "dummy.DummyCache"])
def test_a_cache_of_one_process_is_refused(settings: Settings, backend: str) -> None:
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}"}}
    assert ids() == {"stemsite.E003"}


def test_a_transaction_around_every_request_is_refused_on_sqlite(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = settings.DATABASES["default"]
    monkeypatch.setitem(database, "ENGINE", "django.db.backends.sqlite3")
    monkeypatch.setitem(database, "ATOMIC_REQUESTS", True)
    assert ids() == {"stemsite.E004"}


@pytest.mark.parametrize(("beat_s", "lease_s"), [(90.0, 90), (40.0, 90), (0.0, 90)])
def test_a_heartbeat_too_slow_for_its_lease_is_refused(
    settings: Settings, beat_s: float, lease_s: int
) -> None:
    settings.HEARTBEAT_S, settings.LEASE_S = beat_s, lease_s
    assert ids() == {"stemsite.E005"}


def test_every_check_is_explained_to_the_operator_and_tested_here() -> None:
    root = Path(__file__).resolve().parents[2]
    files = ("jobs/checks.py", "docs/operations.md", "tests/jobs/test_checks.py")
    code, docs, tests = (
        set(re.findall(r"stemsite\.[EW]\d{3}", (root / f).read_text())) for f in files
    )
    assert code == docs == tests
