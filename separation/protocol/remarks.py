"""What is said of how a song was separated: a line for everybody, and the reason behind it.

A remark is one sentence of the manifest and of the API, ``line: reason``. Pages show the line;
the reason names hosts, files and settings, which are for whoever runs the site.
"""

import re
from collections.abc import Sequence

_REMARK = re.compile(
    # Before the line may stand whom it is about: a stem, a member of an ensemble, another machine.
    r"(?P<line>(?:[\w.-]+: )*(?:Separated (?:with|by|on) |This job ran |OpenVINO could not run )"
    r"[^:]*?)"
    # Older jobs have a full stop in the place of the colon.
    r"(?:: |\. )(?P<reason>.+)",
    re.DOTALL,
)


def remark(line: str, reason: str) -> str:
    """``line`` begins as those do that :func:`split_remark` knows, and has no colon."""
    return f"{line}: {reason}"


def split_remark(text: str) -> tuple[str, str]:
    """The line, as a sentence, and the reason; that is empty where ``text`` is no remark."""
    found = _REMARK.fullmatch(text)
    return (f"{found['line']}.", found["reason"]) if found else (text, "")


def not_available(names: Sequence[str]) -> str:
    """``as A and B were not available``."""
    verb = "was" if len(names) == 1 else "were"
    return f"as {' and '.join(names)} {verb} not available"
