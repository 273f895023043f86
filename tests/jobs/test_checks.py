import re
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

OWN_MODELS = "own_models/test_offered.py"


def ids() -> set[str]:
    return {name for each in run_checks() if (name := each.id or "").startswith("stemsite.")}


@pytest.fixture(autouse=True)
def granted_only(settings: Settings) -> None:
    settings.MODEL_LICENCES = ["granted"]


def test_the_settings_as_delivered_pass_with_a_word_on_licences(settings: Settings) -> None:
    settings.MODEL_LICENCES = ["all"]
    assert ids() == {"stemsite.W010"}


def test_models_without_a_grant_are_warned_of_where_strangers_may_sign_up(
    settings: Settings,
) -> None:
    assert ids() == set()
    settings.MODEL_LICENCES = ["granted", "htdemucs"]
    (message,) = (each for each in run_checks() if each.id == "stemsite.W010")
    assert "htdemucs" in message.msg and "htdemucs_ft" not in message.msg and message.hint
    settings.SIGNUP_OPEN = False
    assert ids() == set()


def test_a_word_that_is_no_licence_and_no_model_is_warned_of(settings: Settings) -> None:
    settings.MODEL_LICENCES = ["granted", "remote", "grantd"]
    (message,) = (each for each in run_checks() if each.id == "stemsite.W011")
    assert "grantd" in message.msg and "remote" not in message.msg


@pytest.mark.parametrize(
    ("rule", "separator"), [(["granted"], "demucs"), (["copyleft"], "auto"), (["none"], "spectral")]
)
def test_a_rule_that_leaves_out_the_usual_separator_is_refused(
    settings: Settings, rule: list[str], separator: str
) -> None:
    settings.MODEL_LICENCES, settings.DEFAULT_SEPARATOR = rule, separator
    assert "stemsite.E010" in ids()


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


@pytest.mark.parametrize("settled", [{"max_attempts": 0}, {"max_attempts": 3}, {"ack_failures": 0}])
def test_a_ticket_that_comes_back_without_end_is_refused(
    settings: Settings, settled: dict[str, int]
) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **settled}
    assert ids() == {"stemsite.E006"}


@pytest.mark.parametrize(
    ("special", "refused"),
    [
        ({"timeout": 3600, "retry": 3600}, "stemsite.E001"),
        ({"guard_cycle": 0.7}, "stemsite.E002"),
        ({"ack_failures": False}, "stemsite.E006"),
    ],
)
def test_the_settings_of_every_cluster_are_looked_at(
    settings: Settings, special: dict[str, int], refused: str
) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "ALT_CLUSTERS": {"attic": special}}
    (message,) = (each for each in run_checks() if (each.id or "").startswith("stemsite."))
    assert message.id == refused and "(cluster attic)" in message.msg and message.hint


@pytest.mark.parametrize("backend", ["locmem.LocMemCache", "dummy.DummyCache"])
def test_a_cache_of_one_process_is_refused(settings: Settings, backend: str) -> None:
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}"}}
    assert ids() == {"stemsite.E003"}


@pytest.mark.parametrize("backend", ["filebased.FileBasedCache", "db.DatabaseCache"])
def test_a_cache_that_a_flood_can_empty_is_refused(settings: Settings, backend: str) -> None:
    django = f"django.core.cache.backends.{backend}"
    settings.CACHES = {"default": {"BACKEND": django, "LOCATION": "/nowhere"}}
    assert ids() == {"stemsite.E011"}


def test_files_that_nginx_is_to_send_and_cannot_read_are_warned_of(settings: Settings) -> None:
    settings.ACCEL_PREFIX = "/files"
    assert ids() == {"stemsite.W020"}
    settings.DATA_GROUP_READS = True
    assert ids() == set()


def test_a_transaction_around_every_request_is_refused_on_sqlite(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = settings.DATABASES["default"]
    monkeypatch.setitem(database, "ENGINE", "django.db.backends.sqlite3")
    monkeypatch.setitem(database, "OPTIONS", {"transaction_mode": "IMMEDIATE"})
    monkeypatch.setitem(database, "ATOMIC_REQUESTS", True)
    assert ids() == {"stemsite.E004"}


@pytest.mark.parametrize("options", [{"transaction_mode": "DEFERRED"}, {}])
def test_transactions_that_trip_over_each_other_are_refused_on_sqlite(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, options: dict[str, str]
) -> None:
    database = settings.DATABASES["default"]
    monkeypatch.setitem(database, "ENGINE", "django.db.backends.sqlite3")
    monkeypatch.setitem(database, "OPTIONS", options)
    assert ids() == {"stemsite.E007"}


@pytest.mark.parametrize("lanes", [["interactive", "fast"], []])
def test_a_lane_that_does_not_exist_is_refused(settings: Settings, lanes: list[str]) -> None:
    settings.LANES = lanes
    assert ids() == {"stemsite.E008"}


@pytest.mark.parametrize(("beat_s", "lease_s"), [(90.0, 90), (40.0, 90), (0.0, 90)])
def test_a_heartbeat_too_slow_for_its_lease_is_refused(
    settings: Settings, beat_s: float, lease_s: int
) -> None:
    settings.HEARTBEAT_S, settings.LEASE_S = beat_s, lease_s
    assert ids() == {"stemsite.E005"}


@pytest.mark.parametrize(
    ("lacking", "told"),
    [
        ({}, set()),
        ({"DEFAULT_FROM_EMAIL": "stemsite@localhost"}, {"stemsite.W002"}),
        ({"PUBLIC_URL": ""}, {"stemsite.W003"}),
        ({"EMAIL_HOST": None}, {"stemsite.E009"}),
        ({"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}, set()),
    ],
)
def test_what_lacks_for_sending_mail_is_told(
    settings: Settings, lacking: dict[str, str | None], told: set[str]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.PUBLIC_URL = "mail.example.org", "https://stems.example.org"
    settings.DEFAULT_FROM_EMAIL = "stems@example.org"
    for name, value in lacking.items():
        setattr(settings, name, value)
    assert ids() == told


def test_every_check_is_explained_to_the_operator_and_tested() -> None:
    here = Path(__file__).resolve().parent
    names = (
        "test_checks.py",
        "test_sandbox_told.py",
        OWN_MODELS,
        "../stemsite/test_odd_settings.py",
    )
    places = (
        [here.parents[1] / name for name in ("jobs/checks.py", "stemsite/checks.py")],
        [here.parents[1] / "docs/operations.md"],
        [here / name for name in names],
    )
    code, docs, tests = (
        {name for path in paths for name in re.findall(r"stemsite\.[EIW]\d{3}", path.read_text())}
        for paths in places
    )
    assert code == docs == tests
