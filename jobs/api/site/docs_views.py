"""The OpenAPI description, and a page that shows it without the internet."""

import hashlib
import threading
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
from rest_framework.views import APIView

_making = threading.Lock()


class SchemaView(SpectacularAPIView):
    """Open to all: it holds no data, and is the same for everybody."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        renderer = request.accepted_renderer
        with _making:
            body = described(renderer.format)
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
        assert answer is not None  # it is None only where no response was given
        return answer


@cache
def described(form: str) -> bytes:
    """Made once in each form and process: it takes a second, and anybody may ask for it."""
    renderer = next(each for each in SchemaView.renderer_classes if each.format == form)
    generator: Any = SchemaView.generator_class()
    text = renderer().render(generator.get_schema(public=True))
    return text.encode() if isinstance(text, str) else text


# Swagger UI's page styles itself inline; scripts stay as strict as everywhere.
@method_decorator(csp_update({"style-src": [SELF, UNSAFE_INLINE]}), name="dispatch")
class DocsView(SpectacularSwaggerSplitView):
    url_name = "api:schema"
    # What OPTIONS answers is no page, and its renderer knows no other template.
    http_method_names = ("get", "head")


@extend_schema(exclude=True)
class UnknownView(APIView):
    """An address of the API that does not exist, answered in the API's own words."""

    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404("There is no such address.")
