"""Paths that are no text reach a runner as the bytes that they are."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from separation.runner.settings_transfer import received_settings, sent_settings
from separation.settings import CoreSettings
from separation.system.json_path import JsonPath, is_text

PATHS: TypeAdapter[Path] = TypeAdapter(JsonPath)


@given(st.binary(min_size=1, max_size=30).filter(lambda name: b"\0" not in name))
def test_any_name_that_linux_knows_reads_back_as_it_was(name: bytes) -> None:
    path = Path(os.fsdecode(b"/music/" + name))
    told = PATHS.dump_json(path)
    assert told.isascii() or is_text(path)
    assert os.fsencode(PATHS.validate_json(told)) == os.fsencode(path)


def test_a_path_that_is_text_stays_readable() -> None:
    assert PATHS.dump_json(Path("/music/é.wav")) == '"/music/é.wav"'.encode()


@pytest.mark.parametrize("nonsense", [b'{"bytes_hex": "xy"}', b'{"bytes_hex": 1}', b"{}", b"1"])
def test_what_is_no_path_is_refused(nonsense: bytes) -> None:
    with pytest.raises(ValidationError):
        PATHS.validate_json(nonsense)


def test_folders_of_the_site_may_have_such_names() -> None:
    folder = Path(os.fsdecode(b"/srv/mod\xe8les"))
    settings = CoreSettings(model_dir=folder, model_paths=(folder,), cache_dir=folder)
    assert received_settings(sent_settings(settings)) == settings
