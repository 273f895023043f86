"""Values of rows in words and as HTML; everything that came from outside is escaped."""

import json
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString


def pretty_json(value: Any) -> SafeString:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html("<pre>{}</pre>", text)


def size_words(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"
