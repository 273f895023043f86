"""Scripts of others that the pages load: whose, which version, unchanged."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings

VENDOR = Path(settings.BASE_DIR) / "static" / "js" / "vendor"
CLIENTS = Path(settings.BASE_DIR) / "tests" / "clients"
TUS = "tus-4.3.1.min.js"
TUS_SHA256 = "2370de43c57969760dfdab84e2b50a675c5459b91e4c8f809e6fda0f8376c892"


def test_every_vendored_script_is_known_and_unchanged() -> None:
    assert {path.name for path in VENDOR.iterdir()} == {TUS, "tus-LICENSE.txt", "README.md"}
    assert hashlib.sha256((VENDOR / TUS).read_bytes()).hexdigest() == TUS_SHA256
    assert "MIT" in (VENDOR / "tus-LICENSE.txt").read_text(encoding="utf-8")


def test_the_page_uses_the_version_that_the_tests_drive() -> None:
    package = json.loads((CLIENTS / "package.json").read_text(encoding="utf-8"))
    assert f"tus-{package['dependencies']['tus-js-client']}.min.js" == TUS
    template = Path(settings.BASE_DIR) / "templates" / "jobs" / "upload.html"
    used = re.findall(r"js/vendor/([^']+)", template.read_text(encoding="utf-8"))
    assert used == [TUS]
    assert "4.3.1" in (VENDOR / "README.md").read_text(encoding="utf-8")


def test_it_is_what_npm_delivers_without_the_pointer_to_its_source_map() -> None:
    delivered = CLIENTS / "node_modules" / "tus-js-client" / "dist" / "tus.min.js"
    if not delivered.exists():
        pytest.skip("There is no tus-js-client here: npm ci --prefix tests/clients")
    lines = delivered.read_text(encoding="utf-8").splitlines()
    assert lines.pop().startswith("//# sourceMappingURL")
    assert (VENDOR / TUS).read_text(encoding="utf-8").splitlines() == lines
