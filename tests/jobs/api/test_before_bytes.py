"""What can be refused before the song is sent is refused then, by one definition of the choices."""

import io
from typing import Any

import pytest
import yaml
from rest_framework.test import APIClient

from jobs.models import Job, Source, Upload
from jobs.services.job.request_validation import request_with_defaults
from separation.errors import InvalidOptions
from separation.options import OPTIONS

WRONG = [
    ({"segment_s": "1000"}, "segment_s"),
    ({"overlap": "1"}, "overlap"),
    ({"formt": "mp3"}, "'formt'"),
    ({"format": "wma"}, "format"),
    ({"separator": "magic"}, "'magic'"),
    ({"preset": "magic"}, "'magic'"),
]
SONG_BYTES = 2_000_000


class Counted(io.BytesIO):
    """A body that knows how much of it was read."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def part(name: str, content: bytes, filename: str = "") -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def send(api: APIClient, body: bytes, kind: str, query: str = "") -> tuple[Any, int]:
    counted = Counted(body)
    environ: dict[str, Any] = {"wsgi.input": counted, "CONTENT_LENGTH": str(len(body))}
    answer = api.generic(
        "POST",
        f"/api/v1/jobs{query}",
        content_type=kind,
        **environ,
    )
    return answer, counted.taken


@pytest.mark.parametrize(("fields", "named"), WRONG)
def test_a_form_is_refused_when_its_song_begins(
    api: APIClient, fields: dict[str, str], named: str
) -> None:
    choices = b"".join(part(name, value.encode()) for name, value in fields.items())
    body = choices + part("file", bytes(SONG_BYTES), "a.wav") + b"--x--\r\n"
    answer, taken = send(api, body, "multipart/form-data; boundary=x")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_options")
    assert named in answer.json()["detail"]
    assert taken < SONG_BYTES / 4
    assert not Source.objects.exists() and not Upload.objects.exists()


def test_choices_in_the_address_of_a_form_count_as_well(api: APIClient) -> None:
    body = part("file", bytes(SONG_BYTES), "a.wav") + b"--x--\r\n"
    answer, taken = send(api, body, "multipart/form-data; boundary=x", "?segment_s=1000")
    assert answer.status_code == 400 and taken < SONG_BYTES / 4


def test_choices_that_are_wrong_only_together_wait_for_the_whole_form(api: APIClient) -> None:
    members = '{"members": [{"separator": "spectral"}, {"separator": "spectral", "weights": 2}]}'
    body = (
        part("separator", b"ensemble")
        + part("file", bytes(SONG_BYTES), "a.wav")
        + part("ensemble", members.encode())
        + b"--x--\r\n"
    )
    answer, taken = send(api, body, "multipart/form-data; boundary=x")
    # The song is none; its choices were all right.
    assert answer.json()["code"] == "unsupported_format" and taken == len(body)


@pytest.mark.parametrize(("fields", "named"), WRONG)
def test_a_bare_body_and_an_announcement_are_refused_unread(
    api: APIClient, fields: dict[str, str], named: str
) -> None:
    query = "?" + "&".join(f"{name}={value}" for name, value in fields.items())
    answer, taken = send(api, bytes(SONG_BYTES), "audio/wav", query)
    assert (answer.status_code, taken) == (400, 0)
    told = api.post(
        "/api/v1/uploads", {"name": "a.wav", "size_bytes": 9, "options": fields}, format="json"
    )
    assert told.status_code == 400
    assert named in answer.json()["detail"] and named in told.json()["detail"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "choices",
    [
        {"separator": "demucs", "model": "htdemucs"},
        {"separator": "ensemble", "model": "htdemucs_spectral"},
        {"separator": "spectral", "details": '[{"stem": "drums", "separator": "demucs"}]'},
    ],
)
def test_a_segment_that_the_model_cannot_take_is_refused_at_once(
    api: APIClient, choices: dict[str, str]
) -> None:
    if "details" in choices:
        choices = {"details": choices["details"].replace('"demucs"', '"demucs", "segment_s": 8')}
    told = api.post(
        "/api/v1/uploads",
        {"name": "a.wav", "size_bytes": 9, "options": {"segment_s": 8, **choices}},
        format="json",
    )
    assert told.status_code == 400 and "at most 7.8 s" in told.json()["detail"]


def test_numbers_that_are_no_numbers_are_refused_on_every_way() -> None:
    for name in ("segment_s", "overlap", "target_db", "range_start_s"):
        for value in ("nan", float("inf")):
            with pytest.raises(InvalidOptions, match=name):
                request_with_defaults(options={name: value})


UNKNOWN = [
    ("post", "/api/v1/uploads", {"name": "a", "size_bytes": 9, "segment_s": 7}),
    ("post", "/api/v1/tokens", {"name": "a", "expires_in_day": 7}),
    ("post", "/api/v1/auth/token", {"username": "a", "password": "b", "expires": 7}),
    ("post", "/api/v1/batches", {"name": "a", "notify": True}),
    ("get", "/api/v1/jobs", {"statsu": "completed"}),
]


@pytest.mark.parametrize(("method", "address", "fields"), UNKNOWN)
def test_a_field_that_does_not_exist_is_refused_with_those_that_do(
    api: APIClient, method: str, address: str, fields: dict[str, object]
) -> None:
    how = {"format": "json"} if method == "post" else {}
    answer = getattr(api, method)(address, fields, **how)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "There is no such field. There are: " in answer.json()["detail"]


def test_the_description_tells_the_ranges(api: APIClient) -> None:
    schema = yaml.safe_load(api.get("/api/v1/schema").content)
    forms = schema["components"]["schemas"].values()
    forms = [form["properties"] for form in forms if "segment_s" in form.get("properties", {})]
    assert forms
    for fields in forms:
        for name in (name for name, row in OPTIONS.items() if row.is_number):
            told = (fields[name]["minimum"], fields[name]["maximum"])
            assert told == OPTIONS[name].range
