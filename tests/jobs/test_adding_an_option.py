"""The example of docs/adding-an-option.md, added as the page says."""

from typing import Annotated, Any, Final

import pytest
from django.contrib.auth.models import User
from django.test import Client

from jobs.api.uploads.choices import ChoicesSerializer, read_choices
from jobs.api.uploads.choices import choice_fields as as_form
from jobs.management.commands.separate import Command
from separation.errors import InvalidOptions
from separation.option_document import render
from separation.option_row import Bounds, Option
from separation.option_types import in_range
from separation.options import OPTIONS
from separation.request import separation_request
from separation.request.separation_request import SeparationRequest, parse_request
from tests.separation.fenced import blocks

NAMES = {
    "Annotated": Annotated, "Bounds": Bounds, "Final": Final, "Option": Option, "in_range": in_range
}  # fmt: skip


@pytest.fixture(autouse=True)
def option(monkeypatch: pytest.MonkeyPatch) -> Option[Any]:
    row, field = blocks("adding-an-option.md", "python")
    told: dict[str, Any] = {**NAMES}
    exec(compile(row, "adding-an-option.md", "exec"), told)
    body: dict[str, Any] = {"__module__": __name__}
    exec(compile(field, "adding-an-option.md", "exec"), told, body)
    option: Option[Any] = told["FADE_OUT_S"]
    monkeypatch.setitem(OPTIONS, option.name, option)
    larger = type("SeparationRequest", (SeparationRequest,), body)
    monkeypatch.setattr(separation_request, "SeparationRequest", larger)
    return option


def test_the_api_takes_and_explains_it() -> None:
    assert read_choices(as_form({"fade_out_s": 2.5})) == {"fade_out_s": 2.5}
    told = str(ChoicesSerializer().fields["fade_out_s"].help_text)
    assert "fades away" in told and "0 to 30 seconds" in told


def test_the_upload_page_has_a_field_for_it(client: Client, owner: User) -> None:
    client.force_login(owner)
    page = client.get("/").content.decode()
    assert "Fade-out, seconds" in page
    assert (
        '<input type="number" name="fade_out_s" value="0.0" min="0.0" max="30.0" step="0.5"' in page
    )


def test_the_command_has_an_argument_for_it() -> None:
    parser = Command().create_parser("manage.py", "separate")
    given = vars(parser.parse_args(["song.wav", "--out", "stems", "--fade-out", "3"]))
    assert given["fade_out_s"] == 3.0
    assert "0 to 30; default: 0" in " ".join(parser.format_help().split())


def test_the_page_of_the_api_gets_a_row_for_it(option: Option[Any]) -> None:
    assert f"| `fade_out_s` | 0 to 30 seconds | 0 | {option.sentence} |\n" in render()


def test_a_request_keeps_its_range_and_has_its_default() -> None:
    assert parse_request({}).model_dump()["fade_out_s"] == 0.0
    assert parse_request({"fade_out_s": 30}).model_dump()["fade_out_s"] == 30.0
    with pytest.raises(InvalidOptions, match=r"fade_out_s.*31"):
        parse_request({"fade_out_s": 31})
