"""Answers with the manifest of a job, and with the schema that manifests follow."""

import hashlib
import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from jobs.errors import JobConflict
from jobs.models import Job

SCHEMA_MAX_AGE_S = 24 * 3600
SCHEMA_TYPE = "application/schema+json"


def require_manifest(job: Job) -> dict[str, Any]:
    """Raises ``JobConflict`` before there is one."""
    if not job.manifest:
        raise JobConflict("The job has no manifest yet: none of its stages has ended.")
    manifest: dict[str, Any] = job.manifest
    return manifest


def manifest_response(request: HttpRequest, job: Job) -> HttpResponseBase:
    """The manifest as a file, or 304 for a client that has it. Raises ``JobConflict``."""
    body = json.dumps(require_manifest(job), indent=2).encode()
    headers = {
        "Content-Disposition": 'attachment; filename="manifest.json"',
        "Cache-Control": "private, no-cache",
    }
    return _revalidated(request, body, "application/json", headers)


def schema_response(request: HttpRequest, version: str) -> HttpResponseBase:
    """The JSON Schema of manifests of ``version``, or a 404 that lists the versions."""
    from separation.pipeline.manifest_migrations import READABLE_VERSIONS

    if version not in READABLE_VERSIONS:
        detail = (
            f"There is no schema of version {version!r} here. There are: "
            f"{', '.join(READABLE_VERSIONS)}. A later version needs a later stemsite."
        )
        return JsonResponse({"code": "not_found", "detail": detail}, status=404)
    headers = {
        "Cache-Control": f"public, max-age={SCHEMA_MAX_AGE_S}",
        # It holds no data, and validators run in pages of others.
        "Access-Control-Allow-Origin": "*",
    }
    return _revalidated(request, schema_document(), SCHEMA_TYPE, headers)


@cache
def schema_document() -> bytes:
    """The bytes of ``docs/manifest.schema.json``, which the image of a site does not contain."""
    from separation.pipeline.manifest import schema_text

    return schema_text().encode()


def _revalidated(
    request: HttpRequest, body: bytes, content_type: str, headers: dict[str, str]
) -> HttpResponseBase:
    etag = quote_etag(hashlib.sha256(body).hexdigest()[:32])
    response = HttpResponse(body, content_type=content_type, headers={"ETag": etag, **headers})
    answer = get_conditional_response(request, etag=etag, response=response)
    assert answer is not None  # it is None only without a response argument
    return answer
