"""The site as an app on a device: its manifest, its service worker, and the page that this worker
shows while the server cannot be reached. None of them holds anything of an account."""

import hashlib
import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

FILES = (
    "css/tokens.css",
    "css/dark.css",
    "css/base.css",
    "css/layout.css",
    "css/button.css",
    "css/offline.css",
    "img/favicon.svg",
)
"""What the offline page needs, besides itself."""

GROUND, ACCENT = "#f6f5f2", "#0b6e66"
"""Colours of the light theme, as in ``tokens.css``."""

_AN_HOUR = "public, max-age=3600"


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    start = reverse("jobs:upload")
    response = JsonResponse(
        {
            "id": start,
            "name": settings.SITE_NAME,
            "short_name": settings.SITE_NAME[:12].strip(),
            "start_url": start,
            "scope": start,
            "display": "standalone",
            "background_color": GROUND,
            "theme_color": ACCENT,
            "icons": [
                _icon("icon.svg", "any", "image/svg+xml"),
                _icon("icon-192.png", "192x192"),
                _icon("icon-512.png", "512x512"),
                {**_icon("icon-maskable-192.png", "192x192"), "purpose": "maskable"},
                {**_icon("icon-maskable-512.png", "512x512"), "purpose": "maskable"},
            ],
        },
        content_type="application/manifest+json",
    )
    response["Cache-Control"] = _AN_HOUR
    return response


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The script is another one whenever a file of it or the offline page changes; browsers then
    install it in place of the old one. It lies at the root, so that its scope is the site."""
    page = render_to_string("shell/offline.html", {"site": settings.SITE_NAME})
    files = [reverse("jobs:offline"), *(static(name) for name in FILES)]
    version = hashlib.sha256("\n".join((page, *files)).encode()).hexdigest()[:16]
    told = json.dumps({"files": files, "static": settings.STATIC_URL})
    script = render_to_string("shell/service-worker.js", {"version": version, "told": told})
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(render_to_string("shell/offline.html", {"site": settings.SITE_NAME}))
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ("Accept-Language",))
    return response


def _icon(name: str, sizes: str, kind: str = "image/png") -> dict[str, str]:
    return {"src": static(f"img/{name}"), "sizes": sizes, "type": kind}
