"""The headers of uploads, of any content at all: understood, or one refusal in words."""

import json
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.request import Request

from jobs.api.uploads import tus
from jobs.api.uploads.ranges import put_offset
from jobs.http.bodies import declared_length
from jobs.models import Upload
from jobs.services.sources.upload_parts import CHECKSUMS
from separation.errors import InvalidOptions
from tests.jobs.uploads.sender import checksum, encoded

PIECES = [
    *("filename", "options", "name", " ", "  ", ",", ",,", "=", "==", "YQ==", "YQ", "/w==", "w6k="),
    *(
        "\x00",
        "\t",
        "\xff",
        "é",
        "sha256",
        "sha1",
        "md5",
        "sha512",
        "bytes",
        "bytes ",
        "*",
        "-",
        "/",
    ),
    *("0", "7", "99", "100", "9" * 19, "9" * 5000, "+1", "-1", "1.0", "1e3", "\u0663", "\u00b2"),
    encoded("[" * 4000),
]
# Header values reach a view as text of one byte each (PEP 3333).
header_text = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.text(st.characters(max_codepoint=255), max_size=40),
)


def asked(**headers: Any) -> Request:
    return Request(RequestFactory().put("/", **headers))


@given(header_text)
def test_metadata_are_text_by_key_or_refused(text: str) -> None:
    try:
        metadata = tus.upload_metadata(asked(HTTP_UPLOAD_METADATA=text))
        tus.metadata_options(metadata)
    except InvalidOptions as refusal:
        assert refusal.detail.endswith(".")
    else:
        assert all(" " not in key and "," not in key for key in metadata)


@given(
    st.dictionaries(
        st.text(
            st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), min_size=1
        ),
        st.text(max_size=50),
        max_size=4,
    )
)
def test_metadata_come_back_as_they_were_sent(metadata: dict[str, str]) -> None:
    text = ",".join(f"{key} {encoded(value)}" for key, value in metadata.items())

    assert tus.upload_metadata(asked(HTTP_UPLOAD_METADATA=text)) == metadata


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner)))
def test_options_come_back_as_they_were_sent(options: Any) -> None:
    assert tus.metadata_options({"options": json.dumps(options)}) == options


@given(header_text)
def test_a_checksum_is_one_that_is_known_here_or_refused(text: str) -> None:
    try:
        found = tus.upload_checksum(asked(HTTP_UPLOAD_CHECKSUM=text))
    except InvalidOptions:
        return
    assert found is not None and found.algorithm in CHECKSUMS


@given(st.sampled_from(CHECKSUMS), st.binary(max_size=50))
def test_a_checksum_is_read_as_clients_write_it(algorithm: str, data: bytes) -> None:
    found = tus.upload_checksum(asked(HTTP_UPLOAD_CHECKSUM=checksum(algorithm, data)))

    assert found is not None
    assert checksum(found.algorithm, data).split()[1] == encoded(found.digest)


@pytest.mark.parametrize("name", ["Upload-Offset", "Upload-Length"])
@given(text=header_text)
def test_a_number_is_a_whole_one_that_databases_hold_or_refused(name: str, text: str) -> None:
    variable = f"HTTP_{name.upper().replace('-', '_')}"
    try:
        number = tus.header_number(asked(**{variable: text}), name)
    except InvalidOptions:
        return
    assert 0 <= number < 2**63
    assert text.isascii() and text.isdigit()


@given(header_text, st.integers(1, 200), st.one_of(st.none(), st.integers(0, 200)))
def test_a_range_lies_within_the_upload_and_fits_the_body(
    text: str, size: int, length: int | None
) -> None:
    body = {} if length is None else {"CONTENT_LENGTH": str(length)}
    request = asked(HTTP_CONTENT_RANGE=text, **body)
    try:
        start = put_offset(request, Upload(size_bytes=size))
    except InvalidOptions:
        return
    assert start is not None and 0 <= start < size
    known = declared_length(request._request)
    assert known is None or start + known <= size


@given(st.integers(1, 10**12), st.data())
def test_a_true_range_says_where_the_bytes_belong(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first, size - 1))
    told = {
        "HTTP_CONTENT_RANGE": f"bytes {first}-{last}/{size}",
        "CONTENT_LENGTH": str(last - first + 1),
    }

    assert put_offset(asked(**told), Upload(size_bytes=size)) == first
