"""Every address of the site, made from its URL configuration, and what may be sent to one."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW")

_ODD_FIELDS: dict[str, Any] = {
    "username": {},
    "password": [None],
    "name": 5,
    "expires_in_days": "soon",
    "stems": {"a": 1},
    "options": 3,
    "url": ["x"],
    "source_id": {},
    "job_ids": [{}, 1],
    "batch": 1.5,
    "size": -1,
    "size_bytes": 1e400,
    "filename": None,
    "details": "x",
    "ensemble": [[]],
    "gains": {"vocals": "NaN"},
    "separator": "\ud800",
    "label": "\x00",
    "title": ["x"],
}

BODIES: tuple[tuple[str, bytes], ...] = (
    ("", b""),
    ("", b"RIFF and no more"),
    ("application/json", b"{"),
    ("application/json", b"[]"),
    ("application/json", b"null"),
    ("application/json", json.dumps(_ODD_FIELDS).encode()),
    ("application/json", b"\xff\xfe\x00"),
    ("application/json", b"[" * 3000),
    ("application/json; charset=nonsense", b"{}"),
    ("application/x-www-form-urlencoded", b"a=%00&name=%ff&password=\xff&stems=&label=%00"),
    ("application/x-www-form-urlencoded; charset=nonsense", b"a=b"),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\x00\r\n--x--\r\n',
    ),
    ("audio/wav", b"no song"),
    ("application/octet-stream", b"\x00" * 100),
    ("application/offset+octet-stream", b"x"),
    ("no/type/at/all; =", b"x"),
)

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:\([^()]*\)|\[[^\]]*\]|[^()\[\]])*\)")


def addresses(values: Mapping[str, str]) -> list[str]:
    """One for each pattern; ``values`` fill its parameters. A ``KeyError`` names one that is new
    to the tests."""
    found = dict[str, str]()
    for route, view in _patterns(get_resolver().url_patterns, ""):
        path = "/" + _PARAMETER.sub(lambda hit: values[hit[1] or hit[2]], route)
        # With and without a slash at the end it is the same view.
        found.setdefault(f"{path.rstrip('/')} {view}", re.sub(r"[\^$]", "", path))
    return list(found.values())


def _patterns(
    patterns: Sequence[URLPattern | URLResolver], before: str
) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern.lookup_str
        else:
            yield from _patterns(pattern.url_patterns, route)
