"""The manifest of a job as a file, and the schema, which has an address open to everybody."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.models import Job
from separation.pipeline.manifest import MANIFEST_VERSION, SCHEMA_PATH
from tests.factories import make_job


@pytest.mark.parametrize("version", ["2.0", MANIFEST_VERSION])
def test_the_committed_schema_is_served_to_everybody_and_may_be_cached(
    client: Client, version: str
) -> None:
    answer = client.get(f"/schemas/manifest-{version}.json")
    assert answer.status_code == 200
    assert answer.content == (Path(settings.BASE_DIR) / SCHEMA_PATH).read_bytes()
    assert answer["Content-Type"] == "application/schema+json"
    assert answer["Cache-Control"] == "public, max-age=86400"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.has_header("Set-Cookie") and "Cookie" not in answer.get("Vary", "")


def test_a_client_that_has_the_schema_gets_304(client: Client) -> None:
    address = f"/schemas/manifest-{MANIFEST_VERSION}.json"
    etag = client.get(address)["ETag"]
    again = client.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("version", ["1.0", "2.9", "3.0", "banana", "2.0.json"])
def test_a_version_without_a_schema_is_named_with_those_that_exist(
    client: Client, version: str
) -> None:
    answer = client.get(f"/schemas/manifest-{version}.json")
    assert answer.status_code == 404
    told = json.loads(answer.content)
    assert told["code"] == "not_found"
    assert repr(version) in told["detail"] and MANIFEST_VERSION in told["detail"]


def test_a_browser_that_has_the_manifest_gets_304_until_it_changes(
    client: Client, owner: User
) -> None:
    job = make_job(owner=owner, status="completed", manifest={"version": "2.0"})
    client.force_login(owner)
    address = reverse("jobs:manifest", args=[job.pk])
    first = client.get(address)
    assert json.loads(first.content) == {"version": "2.0"}
    assert "manifest.json" in first["Content-Disposition"]
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Job.objects.filter(pk=job.pk).update(manifest={"version": "2.1"})
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_job_without_a_manifest_has_no_such_page(client: Client, owner: User) -> None:
    client.force_login(owner)
    address = reverse("jobs:manifest", args=[make_job(owner=owner).pk])
    assert client.get(address).status_code == 404
