"""One shape for every refusal, and the status that each code means."""

from collections.abc import Callable

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle, UserRateThrottle

from jobs.errors import JobConflict, SourceMissing
from jobs.http.status import status_of
from jobs.http.throttles import AnonThrottle
from jobs.models.job import JobQuerySet
from separation.errors import all_codes, error_from_code

EXPECTED = {
    "unsupported_format": 415,
    "corrupt_audio": 400,
    "empty_audio": 400,
    "too_large": 413,
    "too_long": 400,
    "too_many_channels": 400,
    "sample_rate_out_of_range": 400,
    "invalid_options": 400,
    "quota_exceeded": 429,
    "disk_full": 503,
    "model_unavailable": 503,
    "decoder_unavailable": 503,
    "conflict": 409,
    "source_missing": 409,
    "internal": 500,
}


@pytest.mark.parametrize(("code", "status"), EXPECTED.items())
def test_a_code_has_its_status(code: str, status: int) -> None:
    assert code in all_codes()
    error = error_from_code(code, "words")
    assert status_of(error) == status


def test_services_state_their_own_status() -> None:
    assert status_of(JobConflict("words")) == status_of(SourceMissing("words")) == 409


UNKNOWN = (
    *("/api", "/api/", "/api/v2/jobs", "/api/v1", "/api/v1/", "/api/v1/songs/7", "/api/v1/jobs/7"),
    *("/api/v1/uploads/7", "/api/v1/batches/7/retry", "/api/v1/tokens/%00", "/job", "/job/"),
    *(
        "/job/7",
        "/job/7/outputs",
        "/job/%E9",
        "/job/0/1/2",
        "/download/7/all",
        "/download/7/vocals",
    ),
    *("/download", "/health/7", "/config/7", "/process/7"),
)


@pytest.mark.parametrize("address", UNKNOWN)
def test_an_address_that_does_not_exist_is_refused_as_json(
    address: str, anonymous: APIClient
) -> None:
    """Also one whose id is none, under either of the API's names."""
    for method in ("get", "post", "delete"):
        response = getattr(anonymous, method)(address)
        assert response.status_code == 404
        assert response.json() == {"code": "not_found", "detail": "There is no such address."}


def test_a_method_that_does_not_exist_is_refused_as_json(api: APIClient) -> None:
    response = api.put("/api/v1/jobs")
    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"


def test_json_that_cannot_be_read_is_named(anonymous: APIClient) -> None:
    response = anonymous.post("/api/v1/auth/token", "{", content_type="application/json")
    assert response.status_code == 400
    assert response.json()["code"] == "parse_error"


def test_several_faults_become_one_sentence_each_with_its_field(anonymous: APIClient) -> None:
    detail = anonymous.post("/api/v1/auth/token", {}, format="json").json()["detail"]
    assert detail == "username: This field is required. password: This field is required."


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(ValueError("secret /path"), 500, "internal"), (OperationalError("x"), 503, "unavailable")],
)
def test_what_nobody_foresaw_is_logged_and_told_without_its_insides(
    api: APIClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    code: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(JobQuerySet, "visible_to", fail)
    response = api.get("/api/v1/jobs")
    assert response.status_code == status
    assert response.json()["code"] == code
    assert "secret" not in response.json()["detail"]
    assert any(record.exc_info and record.exc_info[1] is error for record in caplog.records)


@pytest.fixture
def two_per_minute(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def limit(scope: str) -> None:
        kind = UserRateThrottle if scope == "user" else ScopedRateThrottle
        monkeypatch.setattr(kind, "THROTTLE_RATES", {scope: "2/min"})

    return limit


def test_too_many_requests_are_told_when_to_come_back(
    api: APIClient, two_per_minute: Callable[[str], None]
) -> None:
    two_per_minute("user")
    responses = [api.get("/api/v1/config") for _ in range(3)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert responses[2].json()["code"] == "throttled"
    assert 0 < int(responses[2].headers["Retry-After"]) <= 60


def test_uploads_have_a_rate_of_their_own_that_both_addresses_share(
    api: APIClient, two_per_minute: Callable[[str], None]
) -> None:
    two_per_minute("upload")
    statuses = [
        api.post(address, b"no song", content_type="audio/wav").status_code
        for address in ("/api/v1/jobs", "/process", "/api/v1/jobs")
    ]
    assert statuses == [415, 415, 429]
    assert api.get("/api/v1/jobs").status_code == 200


def test_answers_405_use_up_nobodys_limit(
    anonymous: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AnonThrottle, "THROTTLE_RATES", {"anon": "2/min"})
    assert {anonymous.put("/api/v1/schema").status_code for _ in range(5)} == {405}
    assert {anonymous.get("/api/v1/nowhere").status_code for _ in range(5)} == {404}
    answers = [anonymous.get("/api/v1/schema").status_code for _ in range(3)]
    assert answers == [200, 200, 429]
