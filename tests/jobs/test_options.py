"""The API, the form and the command line take every option, and say of each what its row says."""

import argparse
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.test import Client

from jobs.api.mixing.serializers import MixChoicesSerializer
from jobs.api.uploads.choices import ChoicesSerializer, option_help
from jobs.management.commands.evaluate import Command as Evaluate
from jobs.management.commands.reprocess import Command as Reprocess
from jobs.management.commands.separate import Command as Separate
from jobs.management.option_arguments import flag_of
from jobs.services.job.request_validation import request_with_defaults, site_defaults
from jobs.web.uploads.choices import PAGE_FORMAT
from jobs.web.uploads.forms import SeparationForm
from jobs.web.uploads.option_fields import WITHOUT_OWN_FIELD, plain_options
from separation.options import DENOISE_STRENGTH, MP3_BITRATE_KBPS, OPTIONS

Settings = Any
"""What pytest-django's fixture is."""

IN_WORDS_OF_ITS_OWN = {"ensemble", "details", "denoise", "allow_remote"}
"""Options that the command line takes in another way than the API."""


def arguments(command: Any) -> dict[str, argparse.Action]:
    parser = command.create_parser("manage.py", "any")
    return {action.dest: action for action in parser._actions}


def test_the_api_takes_every_option_but_those_of_the_operator() -> None:
    fields = ChoicesSerializer().fields
    assert list(fields) == [row.name for row in OPTIONS.values() if not row.is_for_operator]
    for name, field in fields.items():
        row = OPTIONS[name]
        said = str(field.help_text)
        assert row.sentence in said and row.accepted in said
        assert row.without_it in said
        assert not field.required


def test_the_api_hands_on_each_kind_as_what_it_is() -> None:
    given = {"shifts": "2", "overlap": "0.5", "sample_rate_hz": "48000", "minus": "true"}
    serializer = ChoicesSerializer(data={**given, "format": "mp3"})
    serializer.is_valid(raise_exception=True)
    assert serializer.validated_data == {
        "shifts": 2, "overlap": 0.5, "sample_rate_hz": 48000, "minus": True, "format": "mp3"
    }  # fmt: skip


def test_the_form_has_a_field_for_every_option_or_a_reason_to_ask_otherwise() -> None:
    form = SeparationForm()
    assert set(WITHOUT_OWN_FIELD) < set(OPTIONS)
    assert set(plain_options()) == set(OPTIONS) - set(WITHOUT_OWN_FIELD)
    assert set(plain_options()) <= set(form.fields)
    for name in plain_options():
        assert form.fields[name].label == OPTIONS[name].label


@pytest.mark.parametrize("name", [*plain_options(), "denoise_strength"])
def test_a_field_of_the_form_guides_as_its_row_says(name: str) -> None:
    field: Any = SeparationForm().fields[name]
    row = DENOISE_STRENGTH if name == "denoise_strength" else OPTIONS[name]
    if row.kind == "choice":
        assert dict(field.choices) == dict(row.values)
    elif row.is_number:
        assert (field.min_value, field.max_value, field.step_size) == (*row.range, row.step)
        assert field.help_text == row.plain_sentence
    else:
        assert isinstance(field, forms.BooleanField) and field.help_text == row.plain_sentence
    initial = field.initial() if callable(field.initial) else field.initial
    usual = site_defaults()[name] if row.is_set_by_site else row.default
    # The page proposes a smaller file than programs get.
    assert initial == (PAGE_FORMAT if name == "format" else usual)


def test_every_field_of_the_form_is_on_the_page(
    client: Client, owner: User, settings: Settings
) -> None:
    settings.REMOTE_URL = "https://stems.example"
    client.force_login(owner)
    page = client.get("/").content.decode()
    for name in SeparationForm().fields:
        assert f'name="{name}"' in page, name


def test_the_command_takes_every_option_and_says_what_its_row_says() -> None:
    taken = arguments(Separate())
    assert set(OPTIONS) <= set(taken)
    for name in set(OPTIONS) - IN_WORDS_OF_ITS_OWN:
        row, said = OPTIONS[name], str(taken[name].help)
        assert row.plain_sentence[1:-1] in said
        if row.is_number:
            assert str(row.range) in said
        if row.values:
            assert tuple(taken[name].choices or ()) == tuple(row.values)


@pytest.mark.parametrize(
    "command", [Separate(), Evaluate(), Reprocess()], ids=lambda c: c.__module__
)
def test_commands_name_an_option_alike(command: Any) -> None:
    shared = set(arguments(command)) & set(OPTIONS) - {"allow_remote"}
    assert {"shifts", "overlap", "separator", "model"} <= shared
    for name in shared:
        assert arguments(command)[name].option_strings == [flag_of(name)]


def test_an_option_that_was_not_given_is_no_choice() -> None:
    options = vars(
        Separate().create_parser("manage.py", "separate").parse_args(["a", "--out", "b"])
    )
    assert {name for name in OPTIONS if options[name] is not None} == {"preview"}


def test_units_are_left_out_of_the_names_of_arguments() -> None:
    assert flag_of("true_peak_ceiling_dbtp") == "--true-peak-ceiling"
    assert (flag_of("segment_s"), flag_of("ni_stems")) == ("--segment", "--ni-stems")
    parser = Separate().create_parser("manage.py", "separate")
    given = ["a", "--out", "b", "--sample-rate", "48000", "--range-start", "1.5", "--repo", "w"]
    options = vars(parser.parse_args(given))
    assert (options["sample_rate_hz"], options["range_start_s"]) == (48000, 1.5)
    assert options["repo"] == Path("w")


def test_an_operator_sets_the_defaults_that_the_rows_name(settings: Settings) -> None:
    assert set(site_defaults()) == {row.name for row in OPTIONS.values() if row.is_set_by_site}
    settings.DEFAULT_TARGET_DB, settings.DEFAULT_DEVICE = -18.5, "cpu"
    request = request_with_defaults(options={"separator": "spectral"})
    assert (request.target_db, request.device) == (-18.5, "cpu")
    form = SeparationForm()
    assert (form["target_db"].value(), form["device"].value()) == (-18.5, "cpu")
    assert "default: -18.5" in str(arguments(Separate())["target_db"].help)


def test_a_mix_tells_the_range_of_its_bit_rate() -> None:
    field: Any = MixChoicesSerializer().fields["mp3_bitrate_kbps"]
    assert (field.min_value, field.max_value) == MP3_BITRATE_KBPS.range
    assert field.help_text == option_help(MP3_BITRATE_KBPS)
