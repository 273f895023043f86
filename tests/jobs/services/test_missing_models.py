"""What songs did without: noted once for each host, and gone when it is there."""

import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import MissingModel
from jobs.services.site_models import missing_models as service
from jobs.services.site_models.missing_models import missing_models, missing_names, note_missing

pytestmark = pytest.mark.django_db

LACKS = [{"model": "htdemucs", "reason": "No way to huggingface.co."}]


def manifest_of(model: str = "standard", *, reused: bool = False, **details: Any) -> dict[str, Any]:
    record = {"name": "separation", "reused": reused, "details": {"model": model, **details}}
    return {"stages": [{"name": "prepare", "details": {}}, record]}


def test_it_is_noted_once_for_each_host_with_the_last_reason() -> None:
    for host in ("amber", "amber", "basalt"):
        note_missing(manifest_of(unavailable=LACKS), host=host)
    last = [{"model": "htdemucs", "reason": "The disk is full."}]
    note_missing(manifest_of("spectral", unavailable=last), host="amber")
    rows = {row.host: row for row in MissingModel.objects.all()}
    assert set(rows) == {"amber", "basalt"}
    assert (rows["amber"].used, rows["amber"].reason) == ("spectral", "The disk is full.")
    assert missing_names() == {"htdemucs"}


def test_a_song_that_had_the_model_ends_it_on_that_host_alone() -> None:
    for host in ("amber", "basalt"):
        note_missing(manifest_of(unavailable=LACKS), host=host)
    note_missing(manifest_of("htdemucs"), host="amber")
    assert [row.host for row in MissingModel.objects.all()] == ["basalt"]


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"stages": [{"name": "prepare"}]},
        manifest_of(),
        manifest_of(unavailable=LACKS, reused=True),
        manifest_of(unavailable=LACKS, device="remote cuda"),
    ],
    ids=["empty", "no separation", "nothing missing", "of an earlier attempt", "elsewhere"],
)
def test_nothing_is_noted_where_nothing_was_missing_here(manifest: dict[str, Any]) -> None:
    note_missing(manifest, host="amber")
    assert not MissingModel.objects.exists()


def test_a_database_that_fails_costs_the_note_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object) -> None:
        raise DatabaseError("locked")

    monkeypatch.setattr(service, "_note", fails)
    note_missing(manifest_of(unavailable=LACKS), host="amber")


def test_of_a_host_that_said_nothing_for_long_nothing_is_told() -> None:
    note_missing(manifest_of(unavailable=LACKS), host="amber")
    old = timezone.now() - service.SHOWN_FOR - timedelta(hours=1)
    MissingModel.objects.update(seen_at=old)
    assert not missing_models() and not missing_names()
    note_missing(manifest_of(), host="basalt")
    assert not MissingModel.objects.exists(), "the next note sweeps it away"


def test_weights_that_came_since_are_seen_on_their_own_host(
    settings: Settings, tmp_path: Path
) -> None:
    for host in (socket.gethostname(), "basalt"):
        note_missing(manifest_of(unavailable=LACKS), host=host)
    assert len(missing_models()) == 2
    folder = tmp_path / "models" / "htdemucs"
    folder.mkdir(parents=True)
    (folder / "htdemucs.yaml").write_text("models: ['955717e8']\n")
    (folder / "955717e8-8726e21a.th").write_bytes(b"weights")
    settings.MODEL_DIR = tmp_path / "models"
    assert [each.row.host for each in missing_models()] == ["basalt"]


def test_what_can_be_done_about_it_goes_by_the_model() -> None:
    lacks = [*LACKS, {"model": "choir", "reason": "Gone."}]
    note_missing(manifest_of(unavailable=lacks), host="amber")
    told = {each.row.model_name: each for each in missing_models()}
    assert told["htdemucs"].command == "python manage.py fetch_models htdemucs"
    assert told["htdemucs"].address.startswith("https://huggingface.co/")
    assert (told["htdemucs"].label, told["htdemucs"].used_label) == (
        "Hybrid Transformer Demucs",
        "Standard",
    )
    assert (told["choir"].label, told["choir"].command) == ("choir", "")
