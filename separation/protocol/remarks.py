"""Remarks on how a song was separated: a line for everybody, and its reason for the operator.

A remark is one sentence of the manifest and of the API, ``line: reason``. Pages show the line. The
reason names hosts, files and settings, which concern only the operator.
"""

import re
from collections.abc import Sequence

_REMARK = re.compile(
    # The subject may precede the line: a stem, a member of an ensemble, another machine.
    r"(?P<line>(?:[\w.-]+: )*(?:Separated (?:with|by|on) |This job ran |OpenVINO could not run )"
    r"[^:]*?)"
    # Older jobs have a full stop instead of the colon.
    r"(?:: |\. )(?P<reason>.+)",
    re.DOTALL,
)


def remark(line: str, reason: str) -> str:
    """Join a line and a reason. ``line`` has no colon and begins with one of the phrases that
    :func:`split_remark` recognises."""
    return f"{line}: {reason}"


def split_remark(text: str) -> tuple[str, str]:
    """Return the line, as a sentence, and the reason; for a text that is no remark, the text and an
    empty reason."""
    found = _REMARK.fullmatch(text)
    return (f"{found['line']}.", found["reason"]) if found else (text, "")


def not_available(names: Sequence[str]) -> str:
    """Return ``as A and B were not available``."""
    verb = "was" if len(names) == 1 else "were"
    return f"as {' and '.join(names)} {verb} not available"
