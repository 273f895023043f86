"""Which model a card names: what is here, what may come, and what came not."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from jobs.services.site_models import forecast as service
from jobs.services.site_models.forecast import Forecast, forecast
from separation.request.separation_request import parse_request

DEMUCS = "Hybrid Transformer Demucs"
HERE = Callable[[set[str]], None]


@pytest.fixture(autouse=True)
def online(settings: Settings) -> None:
    settings.OFFLINE = False


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> HERE:
    def only(names: set[str]) -> None:
        monkeypatch.setattr(service, "is_there", lambda separator, model: model in names)

    only({"standard", "spectral"})
    return only


def told(missing: tuple[str, ...] = (), **choices: Any) -> Forecast:
    return forecast(parse_request({"separator": "auto", **choices}), missing)


def test_what_is_here_runs(here: HERE) -> None:
    here({"htdemucs", "standard"})
    assert told().words == DEMUCS
    # Also where a song of late, on another host, did without it.
    assert told(("htdemucs",)).words == DEMUCS and told(("htdemucs",)).missed is None


def test_what_may_come_is_named_with_its_condition_and_what_runs_else(here: HERE) -> None:
    assert told().words == f"{DEMUCS} if it can be downloaded (84.0 MB), else Standard"
    assert told().download_bytes == 0, "the words say it"
    here({"spectral"})
    assert told().words == f"{DEMUCS} if it can be downloaded (84.0 MB), else Spectral masks"


def test_what_could_not_be_had_is_not_promised(here: HERE) -> None:
    seen = told(("htdemucs", "spleeter_2stems"))
    assert seen.words == "Standard" and seen.missed is not None
    assert (seen.missed.name, seen.hoped) == ("htdemucs", None)


def test_where_nobody_asks_the_network_it_is_not_promised_either(
    here: HERE, settings: Settings
) -> None:
    settings.OFFLINE = True
    assert told().words == "Standard"
    assert told().hoped is None


def test_a_remote_service_may_have_what_is_not_here(here: HERE, settings: Settings) -> None:
    settings.REMOTE_URL = "http://gpu.example.org"
    words = f"{DEMUCS} if the remote service takes it"
    assert told().words == f"{words} or it can be downloaded (84.0 MB), else Standard"
    assert told(("htdemucs",)).words == f"{words}, else Standard"
    stays = f"{DEMUCS} if it can be downloaded (84.0 MB), else Standard"
    assert told(allow_remote=False).words == told(device="cpu").words == stays
    settings.ROUTES = ["local_cpu"]
    assert told().words == stays
    settings.ROUTES, settings.OFFLINE = ["remote", "local_cpu"], True
    assert told().words == f"{words}, else Standard"


def test_a_model_without_another_behind_it_is_downloaded_or_lacking(
    here: HERE, settings: Settings
) -> None:
    seen = told(separator="demucs")
    assert (seen.words, seen.download_bytes) == (DEMUCS, 84_000_000)
    failed = told(("htdemucs",), separator="demucs")
    assert failed.missed is not None and failed.words == DEMUCS, "it is tried again"
    settings.OFFLINE = True
    lacking = told(separator="demucs")
    assert lacking.lacking is not None and lacking.words == DEMUCS
    assert lacking.download_bytes == 0


def test_a_named_model_is_the_one_that_runs(here: HERE) -> None:
    here({"htdemucs_ft"})
    assert told(model="htdemucs_ft").words == f"{DEMUCS}, fine-tuned"


def test_what_only_the_separator_knows_is_not_told(here: HERE) -> None:
    assert told(separator="remote").words == ""
