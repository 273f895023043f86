"""One address with and without a trailing slash."""

from django.urls import URLPattern, path
from rest_framework.views import APIView


def route(
    address: str, view: type[APIView], name: str, *, described: bool = True
) -> list[URLPattern]:
    """The address, and the same with a trailing slash, as a POST cannot be redirected.

    ``described``: whether the OpenAPI description lists the address; it never lists the form with
    a slash.
    """
    plain = view.as_view() if described else view.as_view(schema=None)
    return [path(address, plain, name=name), path(f"{address}/", view.as_view(schema=None))]
