"""Values of rows as text and as HTML; the HTML escapes every value."""

import json
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString


def pretty_json(value: Any) -> SafeString:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html("<pre>{}</pre>", text)


def size_words(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"


def seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


def decibels(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def id_start(job_id: str) -> SafeString:
    return format_html('<span title="{}">{}</span>', job_id, job_id[:8])


def digest_start(sha256: str) -> SafeString:
    """Enough of a digest to tell files apart; the title holds all of it."""
    return format_html('<code title="{}">{}…</code>', sha256, sha256[:12])
