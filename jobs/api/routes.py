"""One address with and without a slash at its end."""

from django.urls import URLPattern, path
from rest_framework.views import APIView


def route(
    address: str, view: type[APIView], name: str, *, described: bool = True
) -> list[URLPattern]:
    """Without a slash is the address; with one it is answered too, as a POST cannot be redirected.

    ``described``: whether the OpenAPI description holds it; the form with a slash never is there.
    """
    plain = view.as_view() if described else view.as_view(schema=None)
    return [path(address, plain, name=name), path(f"{address}/", view.as_view(schema=None))]
