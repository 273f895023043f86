"""The API answers every error with ``{"code", "detail"}`` and the status of its code."""

import logging
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_handler

from jobs.errors import UploadIncomplete
from jobs.http.status import status_of
from jobs.services.storage.disk_space import is_disk_full
from separation.errors import DiskFull, SeparationError, TooLarge

_log = logging.getLogger("jobs.api")

_WAIT_S = 60

INTERNAL_ERROR = "Something went wrong on the server and was written to its log. Try again later."


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF calls this function for every exception of a view."""
    error = _translated(error)
    if isinstance(error, SeparationError):
        fields: dict[str, str] = getattr(error, "fields", {})
        return _answer(status_of(error), error.code, error.detail, fields, _wait_s(error))
    response = rest_handler(error, context)
    if response is not None:
        response.data = {"code": _code(error), "detail": _sentence(response.data)}
        return response
    if isinstance(error, OperationalError):
        _log.exception("the database cannot be used", exc_info=error)
        return _answer(503, "unavailable", "The database cannot be reached. Try again in a moment.")
    if settings.DEBUG:
        return None
    # Django would answer with a page of HTML, which no client of an API expects.
    _log.error("unexpected error in %s", context.get("view"), exc_info=error)
    return _answer(500, "internal", INTERNAL_ERROR)


def _translated(error: Exception) -> Exception:
    """The API's own error for an error of Django or of the system; any other error unchanged."""
    if isinstance(error, RequestDataTooBig):
        return TooLarge("The fields of the form are too large. Send the song in the field `file`.")
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError("The request is malformed.")
    if isinstance(error, UnreadablePostError):
        return UploadIncomplete("The connection broke before the whole file had arrived.")
    if isinstance(error, (OSError, OperationalError)) and is_disk_full(error):
        return DiskFull(
            "The server's disk is full. Delete what you no longer need, or try again later."
        )
    return error


def _wait_s(error: SeparationError) -> int:
    """Seconds to wait before the client repeats the request: the error's own, or the default."""
    return math.ceil(getattr(error, "retry_after_s", _WAIT_S))


def _answer(
    status: int,
    code: str,
    detail: str,
    fields: Mapping[str, str] = MappingProxyType({}),
    wait_s: int = _WAIT_S,
) -> Response:
    headers = {"Retry-After": str(wait_s)} if status in (429, 503) else None
    return Response({"code": code, "detail": detail, **fields}, status=status, headers=headers)


def _code(error: Exception) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    if isinstance(error, exceptions.APIException):
        return str(error.default_code)
    return "not_found" if isinstance(error, Http404) else "permission_denied"


def _sentence(data: Any, field: str = "") -> str:
    """DRF's nested lists and dicts of messages as one line."""
    if isinstance(data, dict):
        parts = []
        for key, value in data.items():
            known = key in ("detail", "non_field_errors")
            parts.append(_sentence(value, field if known else str(key)))
        return " ".join(parts)
    if isinstance(data, list):
        return " ".join(_sentence(item, field) for item in data)
    return f"{field}: {data}" if field else str(data)
