"""Health, configuration, separators."""

import pytest
from django.db import OperationalError, connection
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.models.job import JobStatus
from separation.catalogue import CATALOGUE
from separation.registry import SeparatorFactory
from tests.factories import make_job


@pytest.mark.parametrize("address", ["/health", "/api/v1/health"])
def test_health_counts_the_queue_and_says_that_no_worker_is_there(
    anonymous: APIClient, address: str
) -> None:
    make_job()
    make_job(status=JobStatus.PROCESSING)
    response = anonymous.get(address)
    assert response.status_code == 200
    answer = response.json()
    assert answer["status"] == "degraded"
    assert answer["version"]
    assert answer["queue"]["pending"] == answer["queue"]["processing"] == 1
    assert answer["queue"]["workers_alive"] == 0
    assert answer["reasons"] == ["No worker is running: songs wait."]


def test_health_is_503_when_the_database_cannot_be_reached(anonymous: APIClient) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("no connection")

    with connection.execute_wrapper(refuse):
        response = anonymous.get("/health")
    assert response.status_code == 503
    assert response.json()["code"] == "unavailable"


def test_health_is_never_throttled(anonymous: APIClient) -> None:
    assert {anonymous.get("/health").status_code for _ in range(70)} == {200}


@pytest.mark.parametrize("address", ["/config", "/api/v1/config"])
def test_the_configuration_tells_limits_and_no_secrets(
    api: APIClient, settings: Settings, address: str
) -> None:
    settings.MAX_UPLOAD_BYTES = 123
    response = api.get(address)
    assert response.json()["max_upload_bytes"] == 123
    assert "wav24" in response.json()["formats"]
    for secret in (settings.SECRET_KEY, str(settings.DATA_DIR), "sqlite"):
        assert secret not in response.content.decode()


def test_every_separator_is_listed_with_its_models(api: APIClient) -> None:
    rows = api.get("/api/v1/separators").json()
    assert tuple(row["name"] for row in rows) == SeparatorFactory.names()
    assert [row["name"] for row in rows if row["is_default"]] == ["auto"]
    models = {model["name"]: model for row in rows for model in row["models"]}
    assert set(models) == {model.name for model in CATALOGUE}
    assert models["htdemucs_6s"]["stems"][-2:] == ["guitar", "piano"]
    assert models["htdemucs"]["licence"]
