"""A person sets the mixer and takes the mix home; without a script, karaoke."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

from tests.browser.mixable import RATE_HZ
from tests.browser.mixer_page import MixerPage
from tests.browser.visitor import visitor
from tests.factories import wav_bytes

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stem(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.float64]:
    """What every file of the song holds; silence follows."""
    path = tmp_path_factory.mktemp("stem") / "stem.wav"
    path.write_bytes(wav_bytes(0.1))
    return read(path)


def read(path: Path) -> NDArray[np.float64]:
    return np.asarray(soundfile.read(path)[0]).T


def download(
    page: Page, button: str, tmp_path: Path, *, clicks: int = 1
) -> tuple[str, NDArray[np.float64]]:
    page.get_by_label("Format").select_option("wav24")
    with page.expect_download(timeout=30_000) as made:
        page.get_by_role("button", name=button).click(click_count=clicks)
    path = tmp_path / "mix.wav"
    made.value.save_as(path)
    return made.value.suggested_filename, read(path)


def test_the_mix_that_is_heard_is_the_one_that_comes(
    open_mixer: Callable[[], MixerPage], stem: NDArray[np.float64], tmp_path: Path
) -> None:
    player = open_mixer()
    player.press("Mute Vocals")
    player.slide("Volume of Bass", 50)
    player.slide("Pan of Piano", -100)
    player.call("mixer.region.set(0, 2)")
    expect(player.page.get_by_label("Only the loop")).to_be_checked()
    name, found = download(player.page, "Download the mix", tmp_path, clicks=2)
    assert name == "Mix - mix.wav"
    assert found.shape[1] == 2 * RATE_HZ
    # Drums, other and guitar as they are, bass at -12 dB, the piano all on the left.
    plain = (3 + 0.25) * stem
    wanted = np.stack([plain[0] + stem.sum(axis=0), plain[1]])
    heard = found[:, : stem.shape[1]]
    gain = (heard * wanted).sum() / (wanted**2).sum()
    assert 0 < gain <= 1
    assert np.abs(heard - gain * wanted).max() < 1e-4


def test_speed_counts_and_a_mix_of_nothing_cannot_be_asked_for(
    open_mixer: Callable[[], MixerPage], tmp_path: Path
) -> None:
    player = open_mixer()
    player.slide("Speed", 0.5)
    player.call("mixer.region.set(0, 2)")
    assert download(player.page, "Download the mix", tmp_path)[1].shape[1] == 4 * RATE_HZ
    player.slide("Master volume", 0)
    expect(player.page.get_by_role("button", name="Download the mix")).to_be_disabled()


def test_karaoke_needs_no_script(
    browser: Browser, site: str, mixable: tuple[str, str], tmp_path: Path
) -> None:
    name, path = mixable
    person = visitor(browser, site, scripts=False)
    person.log_in(name)
    person.go(path)
    expect(person.page.get_by_role("button", name="Download the mix")).to_be_hidden()
    filename, found = download(person.page, "Without vocals", tmp_path)
    assert filename == "Mix - karaoke.wav"
    assert np.abs(found).max() > 0.1
    person.context.close()
