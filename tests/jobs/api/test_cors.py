"""Pages of other sites that the operator names may use the whole API, under both of its names."""

import re

import pytest
from django.conf import settings as site
from django.urls import get_resolver
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from jobs.api import specification_urls
from jobs.api.specification_urls import PREFIXES

ORIGIN = {"origin": "https://elsewhere.example.org"}
PATHS = ("/api/v1/health", "/health", "/config", "/process", "/job/7", "/download/7/vocals")


@pytest.fixture(autouse=True)
def elsewhere(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = list(ORIGIN.values())


@pytest.mark.parametrize("path", PATHS)
def test_a_page_elsewhere_may_ask_again_for_a_part_and_with_json(
    path: str, anonymous: APIClient
) -> None:
    wanted = "authorization,content-type,if-none-match,range"
    asked = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": wanted,
    }
    answer = anonymous.options(path, headers={**ORIGIN, **asked}).headers
    assert answer["access-control-allow-origin"] == ORIGIN["origin"]
    assert set(wanted.split(",")) <= set(re.split(", *", answer["access-control-allow-headers"]))


@pytest.mark.parametrize("path", PATHS)
def test_it_may_read_what_the_api_says_in_headers(path: str, anonymous: APIClient) -> None:
    answer = anonymous.get(path, headers=ORIGIN).headers
    assert answer["access-control-allow-origin"] == ORIGIN["origin"]
    shown = set(re.split(", *", answer["access-control-expose-headers"]))
    assert {"ETag", "Retry-After", "Content-Range", "Location"} <= shown


@pytest.mark.parametrize("path", ["/", "/jobs/", "/accounts/login/", "/jobless", "/configuration"])
def test_pages_are_not_for_other_sites(path: str, anonymous: APIClient) -> None:
    assert "access-control-allow-origin" not in anonymous.get(path, headers=ORIGIN).headers


def test_a_site_that_was_not_named_may_do_nothing(anonymous: APIClient) -> None:
    stranger = {"origin": "https://evil.example.org"}
    assert "access-control-allow-origin" not in anonymous.get("/health", headers=stranger).headers


def test_every_address_of_the_specification_is_among_them() -> None:
    for pattern in get_resolver(specification_urls.__name__).url_patterns:
        first = str(pattern.pattern).split("/")[0]
        assert first in PREFIXES
        assert re.match(site.CORS_URLS_REGEX, f"/{pattern.pattern}")
