"""Fetching weights from a site on this machine that answers as the real ones do."""

import shutil
from hashlib import sha256
from pathlib import Path

import pytest
import soundfile

from separation.base import SeparatorOptions
from separation.errors import Cancelled, InvalidOptions, ModelUnavailable
from separation.registry import SeparatorFactory
from separation.separators.demucs import separator as demucs_separator
from separation.separators.demucs.fetch import FailureMemory, Sources, fetch_demucs_model
from separation.separators.weights.store import find_weights
from tests.separation.separators.weights_site import serving, silent_site
from tests.separation.small_models import (
    noise,
    save_bag,
    save_safetensors,
    save_song,
    save_th,
    small_htdemucs,
)

NOBODY = "http://127.0.0.1:9"
"""The discard port: refused at once."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The files of a hub with one tiny model under the name of a large one."""
    directory = tmp_path / "site" / "adefossez" / "HTDemucs" / "resolve" / "main"
    directory.mkdir(parents=True)
    save_safetensors(small_htdemucs(), directory, "aaaa1111")
    save_bag(directory, "htdemucs", ["aaaa1111"])
    return tmp_path / "site"


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demucs_separator, "_failures", FailureMemory())


def weights_in(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def test_a_fetched_model_is_found_and_proven(site: Path, tmp_path: Path, bare_home: Path) -> None:
    seen: list[tuple[float, str]] = []
    models = tmp_path / "models"
    with serving(site) as url:
        fetch_demucs_model(
            "htdemucs",
            models,
            sources=Sources(hub_url=url),
            legacy=False,
            report=lambda fraction, message="": seen.append((fraction, message)),
        )
    found = find_weights(SeparatorOptions(model_dir=models, offline=True))
    assert found is not None
    assert [path.name for path in found.files] == ["aaaa1111.safetensors"]
    assert seen[-1][0] == 1.0
    assert "MB" in seen[-1][1]
    assert [path.name for path in models.iterdir()] == ["htdemucs"]


def test_a_second_fetch_replaces_the_first(site: Path, tmp_path: Path) -> None:
    with serving(site) as url:
        sources = Sources(hub_url=url)
        first = fetch_demucs_model("htdemucs", tmp_path / "models", sources=sources).digest()
        directory = site / "adefossez" / "HTDemucs" / "resolve" / "main"
        save_safetensors(small_htdemucs(1), directory, "aaaa1111")
        second = fetch_demucs_model("htdemucs", tmp_path / "models", sources=sources).digest()
    assert first != second
    assert len(weights_in(tmp_path / "models")) == 2


def test_a_wrong_digest_leaves_nothing(site: Path, tmp_path: Path) -> None:
    with serving(site, stated_digest="0" * 64) as url, pytest.raises(ModelUnavailable) as caught:
        fetch_demucs_model(
            "htdemucs", tmp_path / "models", sources=Sources(hub_url=url), legacy=False
        )
    assert "checksum" in caught.value.detail
    assert list((tmp_path / "models").iterdir()) == []


def test_a_file_that_does_not_load_leaves_nothing(site: Path, tmp_path: Path) -> None:
    weights = site / "adefossez" / "HTDemucs" / "resolve" / "main" / "aaaa1111.safetensors"
    weights.write_bytes(b"an error page, perhaps")
    with serving(site) as url, pytest.raises(ModelUnavailable, match="damaged"):
        fetch_demucs_model(
            "htdemucs", tmp_path / "models", sources=Sources(hub_url=url), legacy=False
        )
    assert list((tmp_path / "models").iterdir()) == []


def test_a_site_that_is_silent_is_not_waited_for(tmp_path: Path) -> None:
    with silent_site() as url, pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1"):
        fetch_demucs_model(
            "htdemucs", tmp_path, sources=Sources(hub_url=url), legacy=False, timeout_s=0.2
        )


def test_cancel_during_a_fetch_leaves_nothing(site: Path, tmp_path: Path) -> None:
    def cancel(fraction: float, message: str = "") -> None:
        raise Cancelled("stopped")

    with serving(site) as url, pytest.raises(Cancelled):
        fetch_demucs_model("htdemucs", tmp_path, sources=Sources(hub_url=url), report=cancel)
    assert weights_in(tmp_path) == weights_in(site)


def legacy_site(tmp_path: Path) -> tuple[Path, Path]:
    """The old site's files, and the lists that demucs brings along for it."""
    lists, files = tmp_path / "lists", tmp_path / "old" / "hybrid_transformer"
    lists.mkdir()
    files.mkdir(parents=True)
    weights = save_th(small_htdemucs(), files, "bbbb2222")
    (lists / "files.txt").write_text(f"# models\nroot: hybrid_transformer/\n{weights.name}\n")
    save_bag(lists, "htdemucs", ["bbbb2222"])
    return lists, weights


def test_the_old_site_is_the_second_choice(tmp_path: Path) -> None:
    lists, weights = legacy_site(tmp_path)
    with serving(tmp_path / "old") as url:
        sources = Sources(hub_url=NOBODY, legacy_url=f"{url}/", legacy_lists=lists)
        found = fetch_demucs_model("htdemucs", tmp_path / "models", sources=sources)
    assert [path.name for path in found.files] == [weights.name]


def test_the_old_site_must_match_the_checksum_in_the_name(tmp_path: Path) -> None:
    lists, weights = legacy_site(tmp_path)
    assert sha256(weights.read_bytes()).hexdigest().startswith(weights.stem[-8:])
    weights.write_bytes(weights.read_bytes() + b"x")
    with serving(tmp_path / "old") as url, pytest.raises(ModelUnavailable) as caught:
        sources = Sources(hub_url=NOBODY, legacy_url=f"{url}/", legacy_lists=lists)
        fetch_demucs_model("htdemucs", tmp_path / "models", sources=sources)
    assert "checksum" in caught.value.detail
    assert list((tmp_path / "models").iterdir()) == []


def test_a_model_that_nobody_offers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match="htdemucs_ft"):
        fetch_demucs_model("no_such_model", tmp_path)


@pytest.mark.usefixtures("bare_home", "forgetful")
def test_the_first_song_fetches_what_is_missing(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    song = save_song(tmp_path / "song.wav", noise(10_000))
    options = {"model_dir": tmp_path / "models", "device": "cpu"}
    separator = SeparatorFactory.create_separator("demucs", **options)
    assert "would be downloaded" in separator.validate().reason
    (tmp_path / "out").mkdir()
    with serving(site) as url:
        monkeypatch.setattr(constants, "ENDPOINT", url)
        paths = separator.separate(song, tmp_path / "out")
    assert soundfile.info(paths["vocals"]).frames == 10_000
    shutil.rmtree(site)
    again = SeparatorFactory.create_separator("demucs", **options, offline=True)
    assert again.validate()
    assert again.identity().weights_digest == separator.identity().weights_digest


@pytest.mark.usefixtures("bare_home", "forgetful")
def test_a_failed_fetch_says_what_to_do_and_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", NOBODY)
    options = {"model_dir": tmp_path / "models", "device": "cpu"}
    separator = SeparatorFactory.create_separator("demucs", **options)
    with pytest.raises(ModelUnavailable, match=r"manage\.py fetch_models htdemucs"):
        separator.load()
    # A name that would fail otherwise, were the site asked again.
    monkeypatch.setattr(constants, "ENDPOINT", "http://[broken")
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1"):
        separator.load()
    offline = SeparatorFactory.create_separator("demucs", **options, offline=True)
    assert "offline" in offline.validate().reason
    assert not offline.validate()


@pytest.mark.usefixtures("bare_home", "forgetful")
@pytest.mark.parametrize("name", ["demucs", "auto"])
def test_a_download_at_first_use_tells_and_can_be_cancelled(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from huggingface_hub import constants

    def cancel(fraction: float, message: str = "") -> None:
        assert "Fetching" in message
        raise Cancelled("stopped")

    separator = SeparatorFactory.create_separator(name, model_dir=tmp_path / "models", device="cpu")
    with serving(site) as url:
        monkeypatch.setattr(constants, "ENDPOINT", url)
        with pytest.raises(Cancelled):
            separator.load(report=cancel)
        assert weights_in(tmp_path / "models") == []
        separator.load()
    assert separator.identity().model == "htdemucs"
