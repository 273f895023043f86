"""The rules of WCAG 2.2 AA that axe can check."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page

_SCRIPT = Path(settings.BASE_DIR) / "tests" / "clients" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """async ([rules, exclude]) => {
    // Colours on their way from light to dark are nobody's; transitions end, unlike animations.
    const passing = document.getAnimations().filter((each) => each instanceof CSSTransition);
    await Promise.allSettled(passing.map((each) => each.finished));
    const found = await axe.run({exclude}, {runOnly: rules, resultTypes: ["violations"]});
    return found.violations.map((each) =>
        `${each.id}: ${each.help}: ` + each.nodes.map((node) => node.target.join(" ")).join(", "));
}"""


def axe_script() -> str:
    """Skips the test where it is not installed, but not in CI."""
    if not _SCRIPT.is_file():
        missing = "There is no axe-core here: npm ci --prefix tests/clients"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return _SCRIPT.read_text(encoding="utf-8")


def violations(page: Page, script: str, exclude: list[list[str]]) -> list[str]:
    """What the page breaks, in words; parts of it that ``exclude`` selects are not looked at."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(script)
    found: list[str] = page.evaluate(_RUN, [_RULES, exclude])
    return found
