"""The OpenAPI description and its page."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from jobs.api.site import docs_views
from separation.request.separation_request import SeparationRequest

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
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert len(addresses) > 10
    for address in addresses:
        assert address.startswith("/")
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
    script = next(address for address in addresses if "script=" in address)
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


def test_the_page_has_the_sites_header_and_a_list_for_browsers_without_scripts(
    client: Client, owner: User
) -> None:
    client.force_login(owner)
    page = client.get("/api/v1/docs/").content.decode()
    assert "<title>API \u2013 stemsite</title>" in page
    assert 'class="brand" href="/"' in page and ">Library</a>" in page
    plain = page[page.index("<noscript>") : page.index("</noscript>")]
    listed = re.findall(r"<li><b>(\w+)</b> <code>([^<]+)</code> <span>([^<]+)</span>", plain)
    assert ("POST", "/api/v1/jobs") in {(method, path) for method, path, _ in listed}
    document = client.get("/api/v1/schema", headers=JSON)
    assert {path for _, path, _ in listed} == set(json.loads(document.content)["paths"])


YAML = {"Accept": "application/vnd.oai.openapi"}
JSON = {"Accept": "application/json"}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[None]]:
    """As long as the number of times that it was made."""
    usual, times = docs_views.SchemaView.generator_class, list[None]()

    class Counting(usual):  # type: ignore[misc, valid-type]
        def get_schema(self, *args: Any, **kwargs: Any) -> Any:
            times.append(None)
            return super().get_schema(*args, **kwargs)

    monkeypatch.setattr(docs_views.SchemaView, "generator_class", Counting)
    docs_views.schema_document.cache_clear()
    yield times
    docs_views.schema_document.cache_clear()


def test_the_description_is_made_once_however_it_is_asked_for(
    anonymous: APIClient, made: list[None]
) -> None:
    first = anonymous.get("/api/v1/schema", headers=YAML)
    for address in ("/api/v1/schema/", "/api/v1/schema?version=7", "/api/v1/schema?lang=de"):
        again = anonymous.get(address, headers=YAML)
        assert (again.status_code, again.content) == (200, first.content)
    assert len(made) == 1
    assert first.headers["Content-Type"] == "application/vnd.oai.openapi; charset=utf-8"
    assert 'filename="stemsite.yaml"' in first.headers["Content-Disposition"]
    as_json = anonymous.get("/api/v1/schema", headers=JSON)
    assert json.loads(as_json.content) == yaml.safe_load(first.content)
    assert as_json.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Accept" in as_json.headers["Vary"]


def test_who_has_the_description_is_not_sent_it_again(anonymous: APIClient) -> None:
    first = anonymous.get("/api/v1/schema", headers=JSON)
    known = {**JSON, "If-None-Match": first.headers["ETag"]}
    again = anonymous.get("/api/v1/schema", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    # In another form it is another text.
    other = anonymous.get("/api/v1/schema", headers={**known, **YAML})
    assert other.status_code == 200
