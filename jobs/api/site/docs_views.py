"""The OpenAPI description, and a page that shows it without access to the internet."""

import hashlib
import json
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.utils.http import quote_etag
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

METHODS = ("get", "post", "put", "patch", "delete", "head")
_schema_lock = threading.Lock()


class SchemaView(SpectacularAPIView):
    """Open to everybody: the description holds no data and is the same for all."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        renderer = request.accepted_renderer
        with _schema_lock:
            body = schema_document(renderer.format)
        etag = quote_etag(hashlib.sha256(body).hexdigest()[:32])
        response = HttpResponse(
            body,
            content_type=f"{renderer.media_type}; charset=utf-8",
            headers={
                "ETag": etag,
                "Cache-Control": "no-cache",
                "Content-Disposition": f'inline; filename="stemsite.{renderer.format}"',
            },
        )
        answer = get_conditional_response(request._request, etag=etag, response=response)
        assert answer is not None  # it is None only without a response argument
        return answer


@cache
def schema_document(format_name: str) -> bytes:
    """The description as YAML or JSON, cached per process: it takes a second to make."""
    renderer = next(each for each in SchemaView.renderer_classes if each.format == format_name)
    generator: Any = SchemaView.generator_class()
    text = renderer().render(generator.get_schema(public=True))
    return text.encode() if isinstance(text, str) else text


# Swagger UI has inline styles; the policy for scripts stays as strict as everywhere.
@method_decorator(csp_update({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    """The page, and with ``?script`` in the address the script that starts Swagger UI on it."""

    url_name = "api:schema"
    template_name = "api/docs.html"
    # The answer to OPTIONS is no page, and this view's renderer has no other template.
    http_method_names = ("get", "head")

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page: Any = super()
        response: Response = page.get(request, *args, **kwargs)
        if "script" not in request.GET:
            response.data["endpoints"] = endpoints()
        return response


@dataclass(frozen=True)
class Endpoint:
    method: str
    path: str
    summary: str


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """What the description lists, for the page of a browser that runs no script."""
    with _schema_lock:
        described = json.loads(schema_document("json"))["paths"]
    return tuple(
        Endpoint(method.upper(), path, operation.get("summary", ""))
        for path, operations in described.items()
        for method, operation in operations.items()
        if method in METHODS
    )


@extend_schema(exclude=True)
class UnknownView(APIView):
    """Answers an unknown address of the API with the API's own 404."""

    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404("There is no such address.")
