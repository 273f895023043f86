"""A limit as an operator writes it: empty, a number, or "unlimited"."""

import re
from decimal import Decimal
from typing import Any

from django import forms

from jobs.models import QuotaLimit

UNLIMITED = "unlimited"
UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
MOST = 2**63 - 1
"""The largest number that the column holds."""

_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.I)


class LimitField(forms.CharField):
    """An empty field is None: the next rule decides. "unlimited" is ``NO_LIMIT``. The field
    refuses 0, as some people read it as "nothing" and others as "no limit".

    ``most``: the largest number that the column holds.
    """

    def __init__(self, *, most: int = 2**31 - 1, **options: Any) -> None:
        super().__init__(**{"required": False, **options})
        self._most = most

    def prepare_value(self, value: Any) -> Any:
        if value == QuotaLimit.NO_LIMIT and not isinstance(value, str):
            return UNLIMITED
        return self._in_words(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        if text.lower() == UNLIMITED:
            return QuotaLimit.NO_LIMIT
        number = self._number(text)
        if number < 1:
            raise forms.ValidationError(
                f"{text} could be read both ways: write `{UNLIMITED}` for no limit, or a number "
                "from 1. To let an account do nothing at all, make it inactive."
            )
        if number > self._most:
            raise forms.ValidationError(f"{text} is more than can be stored; write `{UNLIMITED}`.")
        return number

    def _in_words(self, value: int) -> str:
        return str(value)

    def _number(self, text: str) -> int:
        if not text.isascii() or not text.isdigit():
            raise forms.ValidationError(f"Write a whole number or `{UNLIMITED}`, not {text}.")
        return int(text)


class BytesField(LimitField):
    """Bytes, with a unit or without, such as "50 GB"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(most=MOST, **options)

    def _in_words(self, value: int) -> str:
        for unit in ("TB", "GB", "MB", "kB"):
            if value % UNITS[unit.lower()] == 0:
                return f"{value // UNITS[unit.lower()]} {unit}"
        return str(value)

    def _number(self, text: str) -> int:
        found = _WRITTEN.fullmatch(text)
        unit = found[2].lower() if found else ""
        if found is None or unit not in UNITS:
            raise forms.ValidationError(
                f"Write a size such as `50 GB`, or `{UNLIMITED}`, not {text}."
            )
        return int(Decimal(found[1]) * UNITS[unit])
