"""The OpenAPI description and its page."""

import io
import re

import pytest
import yaml
from django.contrib.staticfiles import finders
from django.core.management import call_command
from rest_framework.test import APIClient

from separation.request import SeparationRequest

pytestmark = pytest.mark.django_db


def test_the_description_is_valid_and_without_warnings() -> None:
    written = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=written)
    described = yaml.safe_load(written.getvalue())
    assert "/api/v1/jobs/{job_id}/download/{track}" in described["paths"]
    assert not [path for path in described["paths"] if path.endswith("/")]


def test_every_choice_of_a_request_can_be_made_but_the_repository() -> None:
    written = io.StringIO()
    call_command("spectacular", stdout=written)
    form = yaml.safe_load(written.getvalue())["components"]["schemas"]["Upload"]["properties"]
    assert set(form) - {"file", "batch"} == set(SeparationRequest.model_fields) - {"repo"}


def test_the_page_loads_all_that_it_needs_from_here(anonymous: APIClient) -> None:
    response = anonymous.get("/api/v1/docs", headers={"Accept": "text/html"})
    page = response.content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(addresses) == 5
    for address in addresses:
        assert address.startswith("/")
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
    script = next(address for address in addresses if "script" in address)
    answer = anonymous.get(script.replace("&amp;", "&"))
    assert answer.headers["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema" in answer.content.decode()
    assert 'validatorUrl": null' in answer.content.decode()


def test_the_page_runs_no_inline_script(anonymous: APIClient) -> None:
    response = anonymous.get("/api/v1/docs", headers={"Accept": "text/html"})
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", response.content.decode(), re.S)
    assert scripts and all("src=" in opening and not body for opening, body in scripts)
    policy = response.headers["Content-Security-Policy"]
    directives = {directive.strip() for directive in policy.split(";")}
    assert {"style-src 'self' 'unsafe-inline'", "default-src 'self'"} <= directives
    assert "script-src" not in policy
