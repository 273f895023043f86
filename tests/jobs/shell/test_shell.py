"""The site as an app: manifest, worker and offline page, which hold nothing of an account."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as site
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django.fixtures import Settings

from jobs.web.shell.views import ACCENT, FILES, GROUND

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PAGES = ("/site.webmanifest", "/service-worker.js", "/offline/")


def test_the_manifest_names_the_site_its_start_and_its_icons(
    client: Client, settings: Settings
) -> None:
    settings.SITE_NAME = "Harbour Stems"
    response = client.get("/site.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    told = json.loads(response.content)
    assert (told["name"], told["start_url"], told["scope"]) == ("Harbour Stems", "/", "/")
    assert (told["background_color"], told["theme_color"]) == (GROUND, ACCENT)
    kinds = {(each["sizes"], each.get("purpose", "any")) for each in told["icons"]}
    assert {(s, p) for s in ("192x192", "512x512") for p in ("any", "maskable")} <= kinds


@pytest.mark.parametrize("name", ["icon-192", "icon-512", "icon-maskable-192", "icon-maskable-512"])
def test_an_icon_has_the_size_of_its_name(name: str) -> None:
    found = finders.find(f"img/{name}.png")
    assert isinstance(found, str)
    header = Path(found).read_bytes()[:24]
    side = int(name.rsplit("-", 1)[1])
    assert header[:4] == b"\x89PNG"
    assert [int.from_bytes(header[at : at + 4]) for at in (16, 20)] == [side, side]


def test_the_colours_are_those_of_the_style_sheet() -> None:
    tokens = Path(site.BASE_DIR, "static/css/tokens.css").read_text()
    light = tokens.split("}")[0]
    assert f"--ground: {GROUND};" in light and f"--accent: {ACCENT};" in light


@pytest.mark.parametrize("address", PAGES)
def test_they_set_no_cookie_and_know_no_account(
    client: Client, owner: "User", address: str
) -> None:
    before = client.get(address)
    client.force_login(owner)
    after = client.get(address)
    assert not before.cookies and not after.cookies
    assert before.content == after.content
    assert owner.username not in after.content.decode()


def test_the_worker_lies_at_the_root_and_is_never_an_old_one(client: Client) -> None:
    response = client.get("/service-worker.js")
    assert response["Content-Type"].startswith("text/javascript")
    assert response["Cache-Control"] == "no-cache"
    assert "default-src 'self'" in response["Content-Security-Policy"]
    listed = re.search(r"= (\{.*\});", response.content.decode())
    assert listed is not None
    files = json.loads(listed[1])["files"]
    assert files[0] == "/offline/" and len(files) == 1 + len(FILES)


def test_another_offline_page_is_another_worker(client: Client, settings: Settings) -> None:
    before = client.get("/service-worker.js").content
    assert client.get("/service-worker.js").content == before
    settings.SITE_NAME = "Another name"
    assert client.get("/service-worker.js").content != before


def test_the_offline_page_needs_only_what_the_worker_keeps(client: Client) -> None:
    page = client.get("/offline/").content.decode()
    used = re.findall(r'(?:href|src)="/static/([^"]+)"', page)
    assert used and set(used) <= set(FILES)


def test_every_page_leads_to_the_manifest_and_registers_the_worker(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    link = '<link rel="manifest" href="/site.webmanifest" data-service-worker="/service-worker.js">'
    assert link in page
    assert "js/install.js" in page
