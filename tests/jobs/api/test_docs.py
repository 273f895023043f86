"""docs/api.md says what the code does."""

import re
from pathlib import Path

from rest_framework import exceptions
from rest_framework.test import APIClient

from jobs.api.uploads.choices import ChoicesSerializer
from jobs.http.status import STATUSES, status_of
from separation.errors import all_codes, error_from_code
from tests.jobs.api.test_access import named_addresses

FROM_REST_FRAMEWORK = (
    exceptions.AuthenticationFailed,
    exceptions.MethodNotAllowed,
    exceptions.NotAuthenticated,
    exceptions.ParseError,
    exceptions.PermissionDenied,
    exceptions.Throttled,
    exceptions.ValidationError,
)
TEXT = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


def test_every_choice_is_described() -> None:
    table = TEXT[TEXT.index("| field |") : TEXT.index("A field that does not exist")]
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    described = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    assert described == set(ChoicesSerializer().fields)


def test_every_code_stands_beside_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.*) \|$", TEXT, re.MULTILINE)
    described = {
        code: int(status) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)
    }
    assert set(STATUSES) <= set(described)
    for code in set(all_codes()) & set(described):
        assert status_of(error_from_code(code, "")) == described[code], code
    for error in FROM_REST_FRAMEWORK:
        assert described[error.default_code] == error.status_code


def test_every_address_of_the_specification_is_described() -> None:
    shown = {
        address.replace("<uuid:job_id>", "{id}").replace("<str:track>", "{track}")
        for address in named_addresses()
        if not address.startswith("/api/")
    }
    assert shown == set(re.findall(r"^\| `(?:GET|POST) (/[^`]*)`", TEXT, re.MULTILINE))


def test_what_else_the_page_can_do_is_not_asked(anonymous: APIClient) -> None:
    for method in ("options", "post", "put", "delete"):
        assert getattr(anonymous, method)("/api/v1/docs/").status_code == 405
