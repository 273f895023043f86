"""Which case runs on which database."""

import os

import pytest

BOTH = ("sqlite", "postgres")


def on(*usual: str) -> pytest.MarkDecorator:
    """The databases on which a case tells most, for a run of minutes; with CHAOS_FULL=1 both."""
    return pytest.mark.parametrize("database", usually(*usual))


def usually(*usual: str) -> tuple[str, ...]:
    return BOTH if os.environ.get("CHAOS_FULL") else usual
