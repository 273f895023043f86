"""The site's addresses and one whose view is broken."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from stemsite.urls import urlpatterns as site_urls


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret of the server")


urlpatterns = [path("broken/", broken), *site_urls]
